from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("controls", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="must_acknowledge",
            field=models.BooleanField(default=True),
        ),
    ]
