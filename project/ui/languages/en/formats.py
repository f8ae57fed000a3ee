"""English of the office: day first, by the name of its month, which nobody reads the other way
round; 24 hours, as the lists, sheets and inputs have them.

What is typed is read as Django reads English: "21 Nov 2026" too.
"""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
MONTH_DAY_FORMAT = "j F"
