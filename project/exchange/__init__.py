"""Files in and out: spreadsheets and printed pages. It knows no model: wings register columns."""
