"""The shapes of requests and answers, for the OpenAPI description: nothing is checked here."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    inline_serializer,
)
from rest_framework import serializers

from inventory.states import Motif, TypeMouvement

from .parameters import DEFAULT_LIMIT, MOST

MINIMUM = {"min_value": 1}


class LigneSerializer(serializers.Serializer):
    article_id = serializers.IntegerField(**MINIMUM)
    quantite = serializers.IntegerField(**MINIMUM)
    prix_unitaire = serializers.FloatField(min_value=0, help_text="Nombre, ou texte décimal")


class VenteSerializer(serializers.Serializer):
    numero_facture = serializers.CharField(
        max_length=100,
        help_text="Unique dans la boutique : le même envoyé deux fois compte une fois",
    )
    date_vente = serializers.DateTimeField(help_text="L'heure de la vente, celle du terminal")
    lignes = LigneSerializer(many=True)


class EnvoiSerializer(serializers.Serializer):
    ventes = VenteSerializer(many=True)


class CreeeSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    id = serializers.IntegerField()
    numero_facture = serializers.CharField()
    montant_total = serializers.CharField()
    lignes = serializers.IntegerField()
    stock_negatif = serializers.BooleanField()


class DejaRecueSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    numero_facture = serializers.CharField()


class ErreurVenteSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    numero_facture = serializers.CharField()
    erreur = serializers.CharField()
    code = serializers.CharField(
        help_text="EN_QUARANTAINE : la vente est gardée au bureau, le terminal peut l'oublier. "
        "NUMERO_REUTILISE : une autre vente porte déjà ce numéro."
    )
    motif = serializers.CharField(help_text=", ".join(Motif.values))


class SyncSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    ventes_creees = serializers.IntegerField()
    ventes_erreurs = serializers.IntegerField()
    details = inline_serializer(
        "Details",
        {
            "creees": CreeeSerializer(many=True),
            "deja_recues": DejaRecueSerializer(many=True),
            "erreurs": ErreurVenteSerializer(many=True),
        },
    )
    boutique = inline_serializer(
        "Boutique",
        {
            "id": serializers.IntegerField(),
            "nom": serializers.CharField(),
            "code": serializers.CharField(),
        },
    )
    terminal = inline_serializer(
        "Terminal",
        {
            "id": serializers.IntegerField(),
            "nom": serializers.CharField(),
            "numero_serie": serializers.CharField(),
        },
    )
    statistiques = inline_serializer(
        "Statistiques",
        {
            "total_envoyees": serializers.IntegerField(),
            "reussies": serializers.IntegerField(),
            "deja_recues": serializers.IntegerField(),
            "erreurs": serializers.IntegerField(),
            "articles_stock_bas": serializers.IntegerField(),
            "articles_stock_zero": serializers.IntegerField(),
            "alerte_stock": serializers.BooleanField(),
        },
    )


class MouvementSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    article_id = serializers.IntegerField()
    article_nom = serializers.CharField()
    article_code = serializers.CharField()
    type_mouvement = serializers.ChoiceField(TypeMouvement.values)
    quantite = serializers.IntegerField()
    stock_avant = serializers.IntegerField()
    stock_apres = serializers.IntegerField()
    reference_document = serializers.CharField(allow_blank=True)
    commentaire = serializers.CharField(allow_blank=True)
    date_mouvement = serializers.DateTimeField()
    utilisateur = serializers.CharField(allow_blank=True)


class MouvementsSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    boutique_id = serializers.IntegerField()
    boutique_nom = serializers.CharField()
    count = serializers.IntegerField()
    mouvements = MouvementSerializer(many=True)
    curseur_suivant = serializers.CharField(
        allow_null=True, help_text="À renvoyer comme « curseur » pour la suite ; null à la fin"
    )


class ArticleSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField()
    nom = serializers.CharField()
    prix = serializers.CharField()
    quantite_stock = serializers.IntegerField()
    seuil_alerte = serializers.IntegerField()
    est_actif = serializers.BooleanField()
    modifie_le = serializers.DateTimeField()


class ArticlesSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    boutique_id = serializers.IntegerField()
    boutique_nom = serializers.CharField()
    devise = serializers.CharField()
    count = serializers.IntegerField()
    articles = ArticleSerializer(many=True)
    apres_suivant = serializers.CharField(
        allow_null=True, help_text="À renvoyer comme « apres » pour la suite ; null à la fin"
    )
    depuis_suivant = serializers.DateTimeField(
        help_text="À renvoyer comme « depuis » la prochaine fois ; la même sur chaque page"
    )


class ErreurSerializer(serializers.Serializer):
    error = serializers.CharField()
    code = serializers.CharField()
    parametres = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Ce qui est faux, par nom"
    )


def error(*codes):
    return OpenApiResponse(ErreurSerializer, description=", ".join(codes))


REFUSALS = {
    400: error("MISSING_SERIAL", "NO_BOUTIQUE", "INVALID_PARAMETERS"),
    401: error("KEY_REQUIRED", "KEY_INVALID"),
    404: error("TERMINAL_NOT_FOUND"),
    429: error("RATE_LIMITED"),
    503: error("TRY_AGAIN"),
}
SERIAL = OpenApiParameter(
    "X-Device-Serial",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Numéro de série du terminal (aussi : Device-Serial, Serial-Number)",
)
KEY = OpenApiParameter(
    "Authorization",
    str,
    OpenApiParameter.HEADER,
    description="« Bearer » et la clé du terminal ; un ancien terminal peut s'en passer",
)


def query(name, kind, description, **more):
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, **more)


LIMIT = query("limit", int, f"Nombre de résultats (défaut : {DEFAULT_LIMIT}, max : {MOST})")
SYNC = {
    "operation_id": "sync_ventes_simple",
    "summary": "Synchroniser des ventes faites hors ligne",
    "tags": ["Terminaux"],
    "auth": [],
    "parameters": [SERIAL, KEY],
    "request": EnvoiSerializer,
    "responses": {
        201: SyncSerializer,
        **REFUSALS,
        400: error(
            "MISSING_SERIAL", "NO_BOUTIQUE", "INVALID_JSON", "INVALID_BODY", "TOO_MANY_SALES"
        ),
        413: error("BODY_TOO_LARGE"),
        415: error("UNSUPPORTED_MEDIA_TYPE"),
    },
    "examples": [
        OpenApiExample(
            "Une vente",
            request_only=True,
            value={
                "ventes": [
                    {
                        "numero_facture": "FAC-20241104-001",
                        "date_vente": "2024-11-04T10:30:00Z",
                        "lignes": [{"article_id": 15, "quantite": 2, "prix_unitaire": 25000}],
                    }
                ]
            },
        )
    ],
}
MOVEMENTS = {
    "operation_id": "mouvements_stock",
    "summary": "Mouvements de stock de la boutique, du plus récent au plus ancien",
    "tags": ["Terminaux"],
    "auth": [],
    "parameters": [
        SERIAL,
        KEY,
        query("article_id", int, "Identifiant de l'article"),
        query("type_mouvement", str, "Type de mouvement", enum=TypeMouvement.values),
        query("date_debut", str, "Date de début ISO 8601"),
        query("date_fin", str, "Date de fin ISO 8601"),
        LIMIT,
        query("curseur", str, "« curseur_suivant » de la page précédente"),
    ],
    "responses": {200: MouvementsSerializer, **REFUSALS},
}
ARTICLES = {
    "operation_id": "articles",
    "summary": "Catalogue du terminal, ou ce qui y a changé",
    "tags": ["Terminaux"],
    "auth": [],
    "parameters": [
        SERIAL,
        KEY,
        query("depuis", str, "Seulement ce qui a changé depuis (ISO 8601), stock compris"),
        query("apres", str, "« apres_suivant » de la page précédente"),
        query("limit", int, f"Nombre de résultats (défaut et max : {MOST})"),
    ],
    "responses": {200: ArticlesSerializer, **REFUSALS},
}
