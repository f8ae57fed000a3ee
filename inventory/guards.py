"""What the database itself refuses about the ledger: triggers, the same on both databases.

- rows of the ledger are neither changed nor deleted;
- a movement starts where the last one of its article ended, in the article's own shop;
- an article's stock is where its last movement ended, and an article that moved keeps its shop.

Kept after every migrate, since SQLite makes a table anew to change a column, without its triggers.
"""

from django.db import connections

LEDGER = ("inventory_vente", "inventory_lignevente", "inventory_mouvementstock")
GROWS = "the ledger only grows"

LAST = (
    "COALESCE((SELECT stock_apres FROM inventory_mouvementstock "
    "WHERE article_id = {article} ORDER BY id DESC LIMIT 1), 0)"
)
CHAIN = (
    f"NEW.stock_avant <> {LAST.format(article='NEW.article_id')} OR NEW.boutique_id <> "
    "(SELECT boutique_id FROM inventory_article WHERE id = NEW.article_id)"
)
STOCK = f"NEW.quantite_stock <> {LAST.format(article='NEW.id')}"
SHOP = "EXISTS (SELECT 1 FROM inventory_mouvementstock WHERE article_id = NEW.id)"
# (name, table, event, "the row differs", what is wrong, message)
CHECKS = (
    (
        "mouvement_follows",
        "inventory_mouvementstock",
        "BEFORE INSERT",
        "",
        CHAIN,
        "a movement starts where the last one ended",
    ),
    (
        "article_stock_is_ledgers",
        "inventory_article",
        "BEFORE UPDATE OF quantite_stock",
        "NEW.quantite_stock <> OLD.quantite_stock",
        STOCK,
        "the stock of an article is that of its ledger",
    ),
    (
        "article_starts_empty",
        "inventory_article",
        "BEFORE INSERT",
        "NEW.quantite_stock <> 0",
        "1 = 1",
        "the stock of an article is that of its ledger",
    ),
    (
        "article_keeps_its_shop",
        "inventory_article",
        "BEFORE UPDATE OF boutique_id",
        "NEW.boutique_id <> OLD.boutique_id",
        SHOP,
        "an article that moved keeps its shop",
    ),
)


def keep(sender, using, **kwargs):
    """Put the triggers in place that are missing; a post_migrate receiver.

    One that says something else gets another name.
    """
    connection = connections[using]
    if not set(LEDGER) <= set(connection.introspection.table_names()):
        return  # migrated back to before there was a ledger
    wanted, there = {"sqlite": (sqlite, SQLITE), "postgresql": (postgresql, POSTGRESQL)}[
        connection.vendor
    ]
    with connection.cursor() as cursor:
        cursor.execute(there)
        present = {name for (name,) in cursor.fetchall()}
        for name, statements in wanted():
            if name not in present:
                for statement in statements:
                    cursor.execute(statement)


SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
POSTGRESQL = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"


def sqlite():
    """(name, statements) of each trigger."""
    for table in LEDGER:
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_no_{event.lower()}"
            refusal = f"SELECT RAISE(ABORT, '{GROWS}')"
            yield name, [f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN {refusal}; END"]
    for name, table, event, differs, wrong, message in CHECKS:
        when = f" WHEN {differs}" if differs else ""
        refusal = f"SELECT RAISE(ABORT, '{message}') WHERE {wrong}"
        yield name, [f"CREATE TRIGGER {name} {event} ON {table}{when} BEGIN {refusal}; END"]


def postgresql():
    """(name, statements) of each trigger."""
    refuse = "RAISE EXCEPTION '{}' USING ERRCODE = 'integrity_constraint_violation';"
    function = (
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    )
    for table in LEDGER:
        name = f"{table}_grows"
        yield (
            name,
            [
                function.format(name, refuse.format(GROWS)),
                f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()",
            ],
        )
    for name, table, event, differs, wrong, message in CHECKS:
        when = f" WHEN ({differs})" if differs else ""
        body = f"IF {wrong} THEN {refuse.format(message)} END IF; RETURN NEW;"
        yield (
            name,
            [
                function.format(name, body),
                f"CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW{when} "
                f"EXECUTE FUNCTION {name}()",
            ],
        )
