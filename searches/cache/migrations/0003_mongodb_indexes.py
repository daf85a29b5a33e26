"""On MongoDB, what Django's own indexes cannot say: documents go when they expire, and the unique index has no filter.

The backend makes unique indexes partial, which no reader's query can use; and MongoDB refuses two indexes on one field, so
the plain one makes room for the one that expires documents. Other databases keep theirs. Safe to repeat: it also puts
right a collection that was written to before its migrations.
"""

from django.db import migrations

ONE_ANSWER = ("one_answer_per_question", [("query", 1), ("platform", 1), ("date_range", 1)])
MOST_ASKED = ("most_asked", [("access_count", -1)])
NEWEST = ("newest", [("created_at", -1)])
EXPIRING = ("expiring", [("expires_at", 1)])


def expire(apps, schema_editor):
    wanted = [(*ONE_ANSWER, {"unique": True}), (*MOST_ASKED, {}), (*NEWEST, {}), (*EXPIRING, {"expireAfterSeconds": 0})]
    _replace(apps, schema_editor, wanted)


def plain(apps, schema_editor):
    strings = {name: {"$type": "string"} for name, _order in ONE_ANSWER[1]}
    unique = {"unique": True, "partialFilterExpression": strings}
    _replace(apps, schema_editor, [(*ONE_ANSWER, unique), (*MOST_ASKED, {}), (*NEWEST, {}), (*EXPIRING, {})])


def _replace(apps, schema_editor, wanted):
    connection = schema_editor.connection
    if connection.vendor != "mongodb":
        return
    collection = connection.get_collection(apps.get_model("cache", "CachedAnswer")._meta.db_table)
    there = collection.index_information()
    for name, keys, options in wanted:
        if name in there:
            has = {option: there[name][option] for option in ("unique", "partialFilterExpression", "expireAfterSeconds") if option in there[name]}
            if has == options:
                continue
            collection.drop_index(name)
        collection.create_index(keys, name=name, **options)


class Migration(migrations.Migration):

    dependencies = [
        ('cache', '0002_provenance'),
    ]

    operations = [
        migrations.RunPython(expire, plain),
    ]
