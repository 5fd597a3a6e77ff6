"""What readers do besides reading: they search, and they print."""

import json

import pytest
from helpers.pages import in_browser

# What is searched for, and pages that must be among the first three results.
QUERIES = {
    "PCA": "chapters/pca.html",
    "bottleneck": "chapters/bottleneck_width.html",
    "trustworthiness": "chapters/tsne.html",
    "silhouette": "chapters/maps.html",
    "dead": "chapters/denoising.html",
    "diffusion": "chapters/diffusion.html",
    "upsampling": "chapters/conv_autoencoder.html",
    "1,185": "chapters/conv_autoencoder.html",
    "1185": "chapters/conv_autoencoder.html",
    "161804": "chapters/dense_autoencoder.html",
    "161,804": "chapters/dense_autoencoder.html",
    "Hamming": "chapters/retrieval.html",
    "KL": "pages/glossary.html",
    "VAE": "pages/glossary.html",
    "tied weights": "chapters/sparse_codes.html",
}
PAGES = [
    "index.html",
    "chapters/dense_autoencoder.html",
    "chapters/tsne.html",
    "chapters/lecture_against_this_book.html",
    "exercises/pca_sheet.html",
    "pages/instructors.html",
]


@pytest.fixture(scope="module")
def seen(site, chromium):
    queries = json.dumps(list(QUERIES))
    return in_browser(chromium, "reader.mjs", site, queries, json.dumps(PAGES))


@pytest.mark.parametrize("query", QUERIES)
def test_the_search_finds_the_page_that_explains_it_before_the_package(seen, query):
    results = [page.partition("#")[0] for page in seen["found"][query]]
    assert QUERIES[query] in results[:3], results[:6]
    if "pages/api.html" in results:
        assert results.index(QUERIES[query]) < results.index("pages/api.html")


@pytest.mark.parametrize("page", PAGES)
def test_paper_is_light_and_nothing_on_it_is_cut(seen, page):
    printed = seen["printed"][page]
    assert printed["themes"] == ["bright on dark", "dark on bright", "bright on dark"]
    assert printed["cut"] == []
    assert printed["size"] > 10_000
