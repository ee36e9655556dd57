"""The card: 個人番号カード by JPKI, 住基カード and 市民カード by the municipal application."""
