import pgvector.django.vector
import todo.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('todo', '0001_embed'),
    ]

    operations = [
        migrations.CreateModel(
            name='TodoItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('description', models.CharField(max_length=256)),
                ('due_date', models.DateField(blank=True, null=True)),
                ('completed', models.BooleanField(default=False)),
                ('embedding', models.GeneratedField(db_persist=True, expression=todo.models.Embed(models.Value('word-vectors'), models.F('description')), output_field=pgvector.django.vector.VectorField(dimensions=384, null=True))),
            ],
        ),
    ]
