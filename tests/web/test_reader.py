"""What readers do besides reading: they search, and they print."""

import json
import re

import pytest
from helpers.pages import in_browser

# What is searched for, and pages that must be among the first three results.
QUERIES = [
    ("PCA", "chapters/pca.html"),
    ("bottleneck", "chapters/bottleneck_width.html"),
    ("trustworthiness", "chapters/tsne.html"),
    ("silhouette", "chapters/maps.html"),
    ("dead", "chapters/denoising.html"),
    ("diffusion", "chapters/diffusion.html"),
    ("upsampling", "chapters/conv_autoencoder.html"),
    ("1,185", "chapters/conv_autoencoder.html"),
    ("1185", "chapters/conv_autoencoder.html"),
    ("161804", "chapters/dense_autoencoder.html"),
    ("161,804", "chapters/dense_autoencoder.html"),
    ("Hamming", "chapters/retrieval.html"),
    ("KL", "chapters/tsne.html"),
    ("KL", "chapters/variational_autoencoder.html"),
    ("VAE", "pages/glossary.html"),
    ("VAE", "chapters/variational_autoencoder.html"),
    ("tied weights", "chapters/sparse_codes.html"),
]
PAGES = [
    "index.html",
    "chapters/dense_autoencoder.html",
    "chapters/tsne.html",
    "chapters/lecture_against_this_book.html",
    "chapters/how_this_book_was_made.html",
    "chapters/retrieval.html",
    "chapters/speed_and_scale.html",
    "exercises/pca_sheet.html",
    "pages/instructors.html",
]


@pytest.fixture(scope="module")
def seen(site, chromium):
    queries = json.dumps(sorted({query for query, _ in QUERIES}))
    return in_browser(chromium, "reader.mjs", site, queries, json.dumps(PAGES))


@pytest.mark.parametrize(("query", "page"), QUERIES)
def test_the_search_finds_the_page_that_explains_it_before_the_package(seen, query, page):
    results = [found.partition("#")[0] for found in seen["found"][query]]
    assert page in results[:3], results[:6]
    if "pages/api.html" in results:
        assert results.index(page) < results.index("pages/api.html")


def test_excerpts_are_of_the_text_and_not_of_what_stands_around_it(seen):
    excerpts = [text for found in seen["excerpts"].values() for text in found]
    assert len(excerpts) > 50
    around = re.compile(r"\.(ipynb|md)\s+\.pdf|Download notebook|©|next\s+\d+\. ")
    assert [text for text in excerpts if around.search(text)] == []


@pytest.mark.parametrize("page", PAGES)
def test_paper_is_light_and_nothing_on_it_is_cut(seen, page):
    printed = seen["printed"][page]
    assert printed["themes"] == ["bright on dark", "dark on bright", "bright on dark"]
    assert printed["cut"] == []
    assert printed["size"] > 10_000
