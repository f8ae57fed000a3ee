"""Files in: read, understood, shown, corrected, written. Wings register what their records take."""
