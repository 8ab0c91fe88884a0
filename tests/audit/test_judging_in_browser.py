"""The widget in a real browser, with a model that does what the notebook's does: set, save, tell."""

import json

import polars as pl
import pytest

import idgraph as ig

pytest.importorskip("anywidget", reason="the extra 'notebook' is not installed")

# As anywidget does it: the module from a blob, and a model that tells its listeners what changed.
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>widget</title>
<style>:root {{ color-scheme: light dark; {variables} }} body {{ background: {ground}; }}</style><style>{css}</style>
<body>
<script type="application/json" id="state">{state}</script>
<script>
const held = JSON.parse(document.getElementById("state").textContent);
const listeners = {{}};
const model = {{
  saved: 0,
  get: (name) => held[name],
  set(name, value) {{ held[name] = value; (listeners[`change:${{name}}`] ?? []).forEach((told) => told()); }},
  save_changes() {{ this.saved += 1; }},
  on(event, told) {{ (listeners[event] ??= []).push(told); }},
  off(event, told) {{ listeners[event] = listeners[event].filter((one) => one !== told); }},
}};
const source = new Blob([{js}], {{ type: "text/javascript" }});
const ready = import(URL.createObjectURL(source)).then((made) => made.default.render({{ model, el: document.body }}));
</script>
"""
JUPYTER_DARK = "--jp-content-font-color1: rgb(255, 255, 255); --jp-layout-color1: rgb(17, 17, 17);"


def inert(data):
    return json.dumps(data).replace("<", "\\u003c")


@pytest.fixture
def shown(browser, tmp_path):
    """Opens a widget in a page, and gives the page."""

    def show(judging, variables="", ground="Canvas"):
        state = {name: getattr(judging, name) for name in ("questions", "records", "place", "answers")}
        parts = {"css": judging._css, "js": inert(str(judging._esm)), "state": inert(state)}
        page = tmp_path / "page.html"
        page.write_text(PAGE.format(variables=variables, ground=ground, **parts), encoding="utf-8")
        browser.open(page)
        browser.run("ready.then(() => null)")
        return browser

    return show


@pytest.fixture(scope="module")
def graph():
    """Three people of whom two are asked about in pairs, and a profile of two names."""
    ids = ["app:1", "crm:1", "crm:2", "crm:3"]
    names = ["Bo Berg", "Bo Berg", "Robert Hill", "BO  BERG"]
    records = pl.DataFrame({"record_id": ids, "kind": "contact", "source": "crm", "full_name": names})
    held = [
        ("app:1", "email", "bo@acme.io"),
        ("app:1", "email", "bo@home.io"),
        ("crm:1", "email", "bo@acme.io"),
        ("crm:2", "email", "rh@acme.io"),
        ("crm:2", "phone", "+4930123456"),
    ]
    identifiers = pl.DataFrame(held, ["record_id", "type", "value"], orient="row")
    return ig.Graph.from_frames(records=records, identifiers=identifiers)


@pytest.fixture(scope="module")
def pairs():
    rows = [("app:1", "crm:1"), ("app:1", "crm:2"), ("app:1", "crm:3")]
    return pl.DataFrame(rows, ["left_id", "right_id"], orient="row")


@pytest.fixture(scope="module")
def torn():
    ids = ["crm:1", "crm:2", "crm:3"]
    names = ["Bo Berg", "Bo Berg", "Robert Hill"]
    records = pl.DataFrame({"record_id": ids, "kind": "contact", "source": "crm", "full_name": names})
    shared = pl.DataFrame({"record_id": ids, "type": "email", "value": "bo@acme.io", "state": "used", "weight": 14.0})
    return ig.Graph.from_frames(records=records, identifiers=shared)


def click(browser, label):
    browser.run(
        f"[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('{label}')).click()"
    )


def key(browser, name):
    event = f"new KeyboardEvent('keydown', {{ key: '{name}', bubbles: true, cancelable: true }})"
    return browser.run(f"!document.activeElement.dispatchEvent({event})")


def verdicts(browser):
    return browser.run("Object.fromEntries(Object.entries(held.answers).map(([place, said]) => [place, said.verdict]))")


def status(browser):
    return browser.run("document.querySelector('[role=status]').textContent")


def marks(browser):
    rows = "[...document.querySelectorAll('tbody tr')]"
    return browser.run(f"Object.fromEntries({rows}.map((one) => [one.children[0].textContent, one.dataset.compared]))")


def test_it_loads_nothing_and_complains_of_nothing(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    assert [address for address in browser.requests if not address.startswith(("file:", "blob:"))] == []
    assert browser.faults == []


def test_what_differs_is_marked_by_signs_and_words(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    assert marks(browser) == {"full_name": "same", "email": "partly"}
    assert browser.run("[...document.querySelectorAll('mark')].map((one) => one.textContent)") == ["bo@home.io"]
    assert browser.run("document.querySelector('[data-compared=partly] .sign').innerText").split() == ["≈", "partly"]
    click(browser, "next")
    assert marks(browser) == {"full_name": "different", "email": "different", "phone": "one side"}
    click(browser, "next")
    assert marks(browser) == {"full_name": "same", "email": "one side"}


def test_a_click_answers_and_goes_on(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    assert status(browser) == "1 of 3, 0 answered. Are these two one person?"
    click(browser, "same")
    assert status(browser) == "2 of 3, 1 answered. Are these two one person?"
    click(browser, "different")
    click(browser, "unsure")
    assert verdicts(browser) == {"0": "same", "1": "different", "2": "unsure"}
    assert status(browser) == "3 of 3, 3 answered. Are these two one person? Answered: unsure."
    assert browser.run("model.saved") >= 3


def test_what_is_answered_in_the_browser_is_a_judgement(shown, graph, pairs):
    judging = graph.judge(pairs, by="ana")
    browser = shown(judging)
    browser.run("document.querySelector('input').value = 'met him'")
    click(browser, "same")
    click(browser, "different")
    judging.answers = browser.run("held.answers")
    said = judging.judgements
    assert said.select("left_id", "right_id", "verdict", "by", "why").rows() == [
        ("app:1", "crm:1", "same", "ana", "met him"),
        ("app:1", "crm:2", "different", "ana", None),
    ]
    assert said["at"].null_count() == 0


def test_the_keyboard_is_enough(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "idgraph-judging"
    assert key(browser, "s")
    assert key(browser, "D")
    assert key(browser, "ArrowLeft")
    assert status(browser).startswith("2 of 3, 2 answered")
    assert browser.run("document.querySelector('button[aria-pressed=true]').textContent") == "different d"
    assert key(browser, "u")
    assert key(browser, "ArrowRight")  # at the end it stays
    assert verdicts(browser) == {"0": "same", "1": "unsure"}
    assert not key(browser, "x")


def test_the_same_answer_again_takes_it_back(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    click(browser, "same")
    click(browser, "back")
    click(browser, "same")
    assert verdicts(browser) == {}
    assert status(browser).startswith("1 of 3, 0 answered")


def test_keys_that_are_typed_as_a_reason_answer_nothing(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    browser.run("document.querySelector('input').focus()")
    assert not key(browser, "s")
    assert verdicts(browser) == {}
    key(browser, "Enter")
    assert key(browser, "s")
    assert verdicts(browser) == {"0": "same"}


def test_a_reason_can_be_mended(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    click(browser, "same")
    click(browser, "back")
    browser.run(
        "{ const why = document.querySelector('input'); why.value = 'x'; why.dispatchEvent(new Event('change')); }"
    )
    assert browser.run("held.answers[0].why") == "x"
    click(browser, "next")
    assert browser.run("document.querySelector('input').value") == ""


def test_shortcuts_of_the_notebook_are_held_off(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    browser.run("window.outside = []; document.addEventListener('keydown', (event) => outside.push(event.key))")
    browser.run("document.querySelector('section').focus()")
    key(browser, "d")
    key(browser, "x")
    assert browser.run("outside") == ["x"]
    assert browser.run("document.querySelector('section').hasAttribute('data-lm-suppress-shortcuts')")


def test_the_records_of_a_profile_are_chosen(shown, torn):
    browser = shown(torn.judge())
    assert marks(browser)["full_name"] == "different"
    choose = (
        "{ const one = document.querySelector('select'); one.value = '%s'; one.dispatchEvent(new Event('change')); }"
    )
    browser.run(choose % "crm:3")
    assert browser.run("[...document.querySelectorAll('button')].filter((one) => !one.disabled).length") == 0
    browser.run(choose % "crm:2")
    click(browser, "different")
    assert browser.run("[held.answers[0].left_id, held.answers[0].right_id]") == ["crm:2", "crm:3"]
    assert browser.run("[...document.querySelectorAll('select')].map((one) => one.value)") == ["crm:2", "crm:3"]


def test_a_judgement_made_in_python_is_shown(shown, graph, pairs):
    browser = shown(graph.judge(pairs))
    browser.run("model.set('place', 2)")
    assert status(browser).startswith("3 of 3")


def test_nothing_to_ask_is_said(shown):
    records = pl.DataFrame({"record_id": ["crm:1"], "kind": ["contact"]})
    browser = shown(ig.Graph.from_frames(records=records).judge())
    assert status(browser) == "Nothing is asked."
    assert browser.faults == []


def test_a_sample_says_nothing_of_what_the_graph_thinks(shown, graph, pairs):
    browser = shown(graph.judge(graph.sample()))
    assert browser.run("document.querySelector('.told').textContent") == ""
    assert "weight" not in browser.run("document.body.innerText")


def test_names_that_hold_html_or_script_are_inert(shown, hostile_names):
    ids = [f"crm:{name}" for name in hostile_names]
    records = pl.DataFrame({"record_id": ids, "kind": "contact", "source": "<b>crm</b>", "full_name": hostile_names})
    identifiers = pl.DataFrame({"record_id": ids, "type": "<i>type</i>", "value": hostile_names})
    graph = ig.Graph.from_frames(records=records, identifiers=identifiers)
    pairs = pl.DataFrame({"left_id": ids[:-1], "right_id": ids[1:], "evidence": hostile_names[:-1]})
    browser = shown(graph.judge(pairs))
    for place in range(pairs.height):
        browser.run(f"model.set('place', {place})")
        text = browser.run("document.querySelector('section').textContent")
        assert hostile_names[place] in text
        assert hostile_names[place + 1] in text
    assert browser.run("typeof window.broken") == "undefined"
    assert browser.run("document.querySelectorAll('section :is(img, script, svg, i)').length") == 0
    assert browser.run("document.querySelectorAll('section b').length") == 2  # the two record ids
    assert browser.faults == []


def test_a_screen_reader_finds_its_way(shown, graph, pairs):
    told = shown(graph.judge(pairs)).roles()
    names = {role: [name for one, name in told if one == role] for role, _ in told}
    assert names["region"] == ["Judge pairs: s same, d different, u unsure, arrows to move"]
    assert names["button"] == ["back ←", "same s", "different d", "unsure u", "next →"]
    assert names["textbox"] == ["Why"]
    assert "full_name" in names["rowheader"]
    assert len(names["columnheader"]) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, shown, graph, pairs, scheme):
    browser.show(scheme)
    shown(graph.judge(pairs.with_columns(evidence=pl.lit("bo@acme.io"))))
    click(browser, "same")
    click(browser, "back")
    texts = "p, span, bdi, td, th, mark, input, button:enabled, button:enabled kbd"
    assert [colours for colours, ratio in browser.contrasts(texts).items() if ratio < 4.5] == []
    assert browser.is_light() == (scheme == "light")


def test_a_dark_notebook_on_a_light_machine_can_be_read(browser, shown, graph, pairs):
    browser.show("light")
    shown(graph.judge(pairs), JUPYTER_DARK, "rgb(17, 17, 17)")
    ratios = browser.contrasts("p, span, td, th, input, button:enabled")
    assert min(ratios.values()) >= 4.5


def test_it_fits_a_narrow_window(browser, shown, graph, pairs):
    browser.show("light", width=360)
    shown(graph.judge(pairs))
    assert browser.run("document.documentElement.scrollWidth") <= 360
