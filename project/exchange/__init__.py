"""Files in and out: xlsx, csv and pdf. It knows no model. The room opens with the first export."""
