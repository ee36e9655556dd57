"""The line to the issuing centre; README.md is its specification."""
