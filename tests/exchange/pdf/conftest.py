import pytest
from django.template import engines
from django.template.loaders.locmem import Loader
from django.utils import translation

from project.exchange.pdf.document import render


@pytest.fixture
def paper(monkeypatch):
    """Makes a PDF of a template that is given as text, in a language; it extends the house's."""
    engine = engines["django"].engine

    def made(body, context=None, *, language="fr", blocks="", **given):
        text = (
            '{% extends "pdf/document.html" %}{% load ui %}'
            f"{blocks}{{% block body %}}{body}{{% endblock %}}"
        )
        loaders = [Loader(engine, {"test/document.html": text}), *engine.template_loaders]
        monkeypatch.setattr(engine, "template_loaders", loaders)
        with translation.override(language):
            return render("test/document.html", context, **given)

    return made
