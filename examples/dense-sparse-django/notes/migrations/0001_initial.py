import notes.indexes
import notes.models
import pgvector.django.bit
import pgvector.django.sparsevec
import pgvector.django.vector
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=40)),
                ('body', models.TextField()),
                ('dense', pgvector.django.vector.VectorField(dimensions=384, null=True)),
                ('sparse', pgvector.django.sparsevec.SparseVectorField(dimensions=10000, null=True)),
                ('bits', models.GeneratedField(db_persist=True, expression=notes.models.Bits(models.F('dense')), output_field=pgvector.django.bit.BitField(length=384, null=True))),
            ],
            options={
                'indexes': [notes.indexes.FlatIndex(fields=['dense'], name='dense_flat', opclasses=['vector_cosine_ops']), notes.indexes.FlatIndex(fields=['sparse'], name='sparse_flat', opclasses=['sparsevec_ip_ops'])],
            },
        ),
    ]
