"""Importing it configures djanorm from settings.py, as its command line does."""

import dorm
import settings

dorm.configure(DATABASES=settings.DATABASES, INSTALLED_APPS=settings.INSTALLED_APPS)
