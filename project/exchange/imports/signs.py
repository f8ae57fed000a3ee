"""Signs with a meaning in cells, for who reads files and for who understands them."""

import re

LONGEST_NUMBER = 40  # characters: matching a text as long as a cell may be takes seconds
# Signs that nobody sees and no database takes; the ends of lines and tabs stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What formulas leave that were never worked out, by a program that only wrote them.
UNCALCULATED = "#FORMULA"
MISSING = "#CUT"  # what a row that is cut short has in the place of a cell
