"""The card desk (カード発行管理用端末): see README.md."""
