from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = {"Queue viewer": ["view_queue"], "Queue operator": ["view_queue", "operate_queue"]}


def add(apps, schema_editor):
    # Permissions are made after all migrations have run; these groups need theirs now.
    config = apps.get_app_config("queueadmin")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for name, codenames in GROUPS.items():
        group, _new = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*permissions.filter(content_type__app_label="queueadmin", codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [("queueadmin", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
