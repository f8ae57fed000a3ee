"""Which group may do what to installations."""

BUREAU = (
    "view_engineer",
    "view_order",
    "add_order",
    "change_order",
    "view_service",
    "view_installationbooking",
    "schedule_order",
    "reschedule_order",
    "reassign_order",
    "unschedule_order",
    "start_order",
    "complete_order",
    "cancel_order",
    "restore_order",
    "leave_engineer",
    "export_order",
    "print_order",
    "export_engineer",
)
GESTION = (
    "reopen_order",
    "add_engineer",
    "change_engineer",
    "activate_engineer",
    "deactivate_engineer",
)
