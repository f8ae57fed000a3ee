"""Which group may do what in the wing."""

RECORDS = (
    "contrattransport",
    "mission",
    "cautions",
    "paiementmission",
    "prestationdetransports",
    "fraisderoute",
    "transitaire",
    "camion",
    "conteneur",
    "compagnie",
)
KEPT = ("transitaire", "camion", "conteneur", "compagnie")
FILES = ("contrattransport", "mission", "cautions", "paiementmission")
BUREAU = (
    *(f"{verb}_{record}" for record in RECORDS for verb in ("view", "add", "change")),
    *(f"{verb}_{record}" for record in KEPT for verb in ("activate", "deactivate")),
    *(f"{verb}_{record}" for record in FILES for verb in ("export", "print")),
    "view_tarif",
    "view_conditions",
    "terminer_mission",
    "annuler_mission",
    "retablir_mission",
    "annuler_contrattransport",
    "terminer_contrattransport",
    "retablir_contrattransport",
    "annuler_paiementmission",
    "set_statut_cautions",
)
GESTION = (
    "delete_contrattransport",
    "echeance_contrattransport",
    "suspendre_contrattransport",
    "rouvrir_mission",
    "rouvrir_contrattransport",
    "valider_paiementmission",
    "invalider_paiementmission",
    "retablir_paiementmission",
    "rembourser_paiementmission",
    "annuler_cautions",
    "retablir_cautions",
    "add_tarif",
    "change_tarif",
    "activate_tarif",
    "deactivate_tarif",
    "add_conditions",
    "change_conditions",
)
