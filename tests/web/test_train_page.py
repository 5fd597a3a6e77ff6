"""The page "Train an autoencoder" in a real browser."""

import shutil

import numpy as np
import pytest
from helpers.pages import DEMO_PAGE, in_browser
from helpers.repository import ROOT
from training_images import dataset_at_hand, export

from ae_lib import as_vectors, dense_autoencoder

pytestmark = pytest.mark.alone  # frames and answers are timed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train_page")
    shutil.copytree(ROOT / "site" / "demo", folder / "demo")
    export(folder / "demo" / "data", dataset_at_hand())
    for name, preset in (("train", ""), ("train-small", ' data-preset="pca"')):
        page = DEMO_PAGE.format(name=name).replace(
            "</head>", '<link rel="stylesheet" href="demo/train/train.css"></head>'
        )
        place = f'data-demo="{name}"'
        assert place in page
        page = page.replace(place, place + preset)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def seen(folder, chromium):
    """What the browser saw."""
    return in_browser(chromium, "train_browser.mjs", folder, timeout=400)


def test_little_is_loaded_before_the_click(seen):
    assert seen["before"]["kib"] < 60  # the site's own files make the rest of 150
    assert not {"training_images.png", "worker.js", "train.json"} & set(seen["before"]["asked"])
    assert seen["before"]["steps"] == 0


def test_it_learns_at_once_and_beside_the_page(seen):
    assert seen["firstSteps"] < 2000  # milliseconds
    assert float(seen["paused"]["test"]) < seen["early"]
    assert 0.01 < seen["pca"] < 0.04
    assert seen["quiet"]["fps"] > 50, seen["quiet"]
    assert seen["answer"] < 100
    assert seen["quiet"]["spoken"] == 0  # a screen reader is not talked to all the time


def test_pause_stands_still_and_a_reload_loses_nothing(seen):
    assert seen["stands"]
    assert seen["paused"]["button"] == "Go on"
    assert seen["reloaded"]["steps"] == seen["paused"]["steps"] > 40
    assert seen["reloaded"]["test"] == seen["paused"]["test"]
    assert seen["reloaded"]["same"]
    assert "training_images.png" not in seen["reloaded"]["asked"]
    assert seen["wentOn"] < float(seen["paused"]["test"]) + 0.002


def test_weights_go_out_and_in(seen, folder):
    assert seen["uploaded"]["test"] == seen["uploaded"]["before"]
    assert seen["broughtBack"]["test"] == seen["broughtBack"]["before"]
    assert "broken.npz cannot be used" in seen["broken"]["text"]
    assert seen["broken"]["unharmed"]
    model = dense_autoencoder()
    model.set_weights(list(np.load(folder / "downloaded.npz").values()))
    x = as_vectors(dataset_at_hand().x_test[:1000])
    error = np.mean((model.predict(x, verbose=0) - x) ** 2)
    assert abs(error / float(seen["uploaded"]["test"]) - 1) < 0.1  # of other digits


def test_everything_works_by_keyboard(seen):
    keys = seen["keys"]
    assert keys["slider"] == "#code=21"
    assert keys["select"] == "#code=21&output=sigmoid"
    assert keys["pause"] == "Go on"
    assert keys["map"]
    assert keys["draw"]
    assert keys["clear"]


def test_what_is_drawn_is_what_the_network_gets(seen):
    assert seen["ink"]["outside"], "what is drawn beside the pad is no part of the digit"
    assert seen["ink"]["withoutParts"], "a browser that gives no coalesced events draws, too"


def test_a_dead_network_is_noticed(seen):
    assert "rate=0.03" in seen["dies"]["hash"]
    assert seen["dies"]["message"].startswith("This network is dead.")
    dead, needed = seen["dies"]["dead"].split(" of ")
    assert dead == needed


def test_a_link_keeps_the_settings_and_slips_are_explained(seen):
    linked = seen["linked"]
    assert (linked["code"], linked["optimiser"], linked["batch"]) == ("2", "adam", "128")
    assert "batch=100 is not possible: it can be one of 16, 32" in linked["message"]
    assert "There is no setting “colour”." in linked["message"]
    assert "7000 is not possible; it can be 0 to 512 in steps of 4." in linked["complaint"]


def test_the_small_one(seen):
    assert seen["small"]["width"] <= 360
    assert seen["small"]["running"]
    assert seen["small"]["hash"] == ""
    assert "784-20-784" in seen["small"]["parameters"]


def test_nothing_comes_from_elsewhere_and_nothing_is_complained_of(seen):
    assert seen["foreign"] == []
    assert seen["messages"] == []


def test_accessible_in_both_themes_and_on_a_phone(seen):
    assert seen["axe"] == []
    assert seen["wide"] == []
