"""The views of /api/v2/simple/: what terminals send and read. Presentation only."""

import time
from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.response import Response

from inventory import devices, queries
from inventory.devices import Refused
from inventory.money import rounded
from inventory.states import Motif
from inventory.sync import QUARANTINED, synchronise
from project.utilisateurs.proxies import client_ip

from . import parameters, shapes
from .entrance import Body, for_devices

MOST_SALES = 2_000


@extend_schema(**shapes.SYNC)
@api_view(["POST"])
@parser_classes([Body])
@for_devices
def sync_ventes_simple(request, terminal):
    """Book the sales that a terminal made while it was offline."""
    began = time.monotonic()
    ventes = sales_in(request.data)
    result = synchronise(terminal, ventes)
    boutique = terminal.boutique
    low = queries.low_stock(boutique)
    devices.note(
        terminal,
        serial=terminal.numero_serie,
        address=client_ip(request._request),
        request=f"{request.method} {request.path}",
        status=HTTPStatus.CREATED,
        result=result,
        seconds=time.monotonic() - began,
    )
    return Response(
        {
            "success": True,
            "message": f"{len(result.creees)} vente(s) synchronisée(s) avec succès",
            "ventes_creees": len(result.creees),
            "ventes_erreurs": len(result.erreurs),
            "details": {
                "creees": [created(each, boutique) for each in result.creees],
                "deja_recues": [
                    {"index": each.index, "numero_facture": each.numero or "N/A"}
                    for each in result.deja_recues
                ],
                "erreurs": [error(each) for each in result.erreurs],
            },
            "boutique": {"id": boutique.pk, "nom": boutique.nom, "code": boutique.code_boutique},
            "terminal": {
                "id": terminal.pk,
                "nom": terminal.nom_terminal,
                "numero_serie": terminal.numero_serie,
            },
            "statistiques": {
                "total_envoyees": len(ventes),
                "reussies": len(result.creees),
                "deja_recues": len(result.deja_recues),
                "erreurs": len(result.erreurs),
                "articles_stock_bas": low["bas"],
                "articles_stock_zero": low["zero"],
                "alerte_stock": low["bas"] > 0 or low["zero"] > 0,
            },
        },
        status=HTTPStatus.CREATED,
    )


def sales_in(data):
    ventes = data.get("ventes") if isinstance(data, dict) else None
    if not isinstance(ventes, list):
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "INVALID_BODY",
            "Le corps est un objet avec une liste « ventes »",
        )
    if len(ventes) > MOST_SALES:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "TOO_MANY_SALES",
            f"Au plus {MOST_SALES} ventes à la fois : envoyez-les en plusieurs fois",
        )
    return ventes


def created(each, boutique):
    return {
        "index": each.index,
        "id": each.vente_id,
        "numero_facture": each.numero,
        "montant_total": str(rounded(each.lue.total, boutique.currency)),
        "lignes": len(each.lue.lignes),
        "stock_negatif": each.negative,
    }


def error(each):
    """A sale that was not booked. All of them are kept; the terminal may drop those that say so."""
    reused = each.motif == Motif.NUMERO_REUTILISE
    return {
        "index": each.index,
        "numero_facture": each.numero or "N/A",
        "erreur": str(each.detail),
        "code": each.motif if reused else QUARANTINED,
        "motif": each.motif,
    }


@extend_schema(**shapes.MOVEMENTS)
@api_view(["GET"])
@for_devices
def get_mouvements_stock(request, terminal):
    """Récupère les mouvements de stock pour une boutique."""
    asked = parameters.read(
        request.query_params,
        article_id=parameters.key,
        type_mouvement=parameters.genre,
        date_debut=parameters.moment,
        date_fin=parameters.end,
        limit=parameters.limit,
        curseur=str,
    )
    boutique = terminal.boutique
    try:
        rows, beyond = queries.movements_page(
            boutique,
            article=asked.get("article_id"),
            genre=asked.get("type_mouvement"),
            since=asked.get("date_debut"),
            until=asked.get("date_fin"),
            limit=asked.get("limit", parameters.DEFAULT_LIMIT),
            cursor=asked.get("curseur"),
        )
    except queries.BadCursor:
        raise parameters.refused({"curseur": "Pas un curseur de cette liste"}) from None
    return Response(
        {
            "success": True,
            "boutique_id": boutique.pk,
            "boutique_nom": boutique.nom,
            "count": len(rows),
            "mouvements": [movement(row) for row in rows],
            "curseur_suivant": beyond,
        }
    )


def movement(row):
    return {
        "id": row["id"],
        "article_id": row["article_id"],
        "article_nom": row["article__nom"],
        "article_code": row["article__code"],
        "type_mouvement": row["type_mouvement"],
        "quantite": row["quantite"],
        "stock_avant": row["stock_avant"],
        "stock_apres": row["stock_apres"],
        "reference_document": row["reference_document"],
        "commentaire": row["commentaire"],
        "date_mouvement": iso(row["date_mouvement"]),
        "utilisateur": row["utilisateur"],
    }


@extend_schema(**shapes.ARTICLES)
@api_view(["GET"])
@for_devices
def get_articles(request, terminal):
    """What the terminal sells; with `depuis` only what changed since."""
    asked = parameters.read(
        request.query_params,
        depuis=parameters.moment,
        apres=str,
        limit=parameters.limit,
    )
    boutique = terminal.boutique
    try:
        articles, beyond, next_since = queries.catalogue_page(
            boutique,
            since=asked.get("depuis"),
            limit=asked.get("limit", parameters.MOST),
            cursor=asked.get("apres"),
        )
    except queries.BadCursor:
        raise parameters.refused({"apres": "Pas un curseur de cette liste"}) from None
    return Response(
        {
            "success": True,
            "boutique_id": boutique.pk,
            "boutique_nom": boutique.nom,
            "devise": boutique.currency,
            "count": len(articles),
            "articles": [
                {
                    "id": article.pk,
                    "code": article.code,
                    "nom": article.nom,
                    "prix": str(rounded(article.prix, boutique.currency)),
                    "quantite_stock": article.quantite_stock,
                    "seuil_alerte": article.seuil_alerte,
                    "est_actif": article.est_actif,
                    "modifie_le": iso(article.updated_at),
                }
                for article in articles
            ],
            "apres_suivant": beyond,
            "depuis_suivant": iso(next_since),
        }
    )


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")
