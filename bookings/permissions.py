"""Which group may do what to bookings."""

BUREAU = (
    "view_booking",
    "add_booking",
    "change_booking",
    "archive_booking",
    "unarchive_booking",
    "cancel_booking",
    "restore_booking",
    "set_status_booking",
    "assign_booking",
    "unassign_booking",
    "duplicate_booking",
    "recap_booking",
    "export_booking",
    "print_booking",
    "return_booking",
    "pair_booking",
    "unpair_booking",
    "repeat_booking",
    "import_booking",
)
GESTION = ("override_overlap_booking", "settle_booking", "reopen_booking")
