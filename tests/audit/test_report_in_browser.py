"""The page in a real browser: it works without network, is inert to hostile names, and can be used by everybody."""

import polars as pl
import pytest

import idgraph as ig


@pytest.fixture(scope="module")
def page(graph, tmp_path_factory):
    board = pl.DataFrame({"account": graph.accounts["entity_id"].head(3), "score": [3.0, 2.0, 1.0]})
    path = tmp_path_factory.mktemp("page") / "page.html"
    return graph.without(rule="device").report(path, previous=graph, board=board)


@pytest.fixture
def hostile(hostile_names, tmp_path):
    """A page of people, companies, values, sources and ids that all are HTML or script."""
    people = [f"crm:{name}" for name in hostile_names]
    firms = [f"firms:{name}" for name in hostile_names]
    kinds = ["contact"] * len(people) + ["crm_account"] * len(firms)
    names = hostile_names * 2
    sources = ["<b>crm</b>"] * len(people) + ["</title><i>"] * len(firms)
    records = pl.DataFrame({"record_id": people + firms, "kind": kinds, "source": sources, "name": names})
    held = {"record_id": people, "type": "email", "value": hostile_names, "state": "used", "weight": 14.0}
    shared = {"record_id": people, "type": "phone", "value": hostile_names[0], "state": "used", "weight": 8.0}
    identifiers = pl.concat([pl.DataFrame(held), pl.DataFrame(shared)])
    belongs = pl.DataFrame({"person_record_id": people, "company_record_id": firms, "via": "<u>crm</u>"})
    graph = ig.Graph.from_frames(records=records, identifiers=identifiers, memberships=belongs)
    board = pl.DataFrame({"<b>account</b>": hostile_names})
    return graph.report(tmp_path / "hostile.html", board=board)


def test_it_loads_nothing_and_complains_of_nothing(browser, page):
    browser.open(page)
    assert browser.requests == [page.resolve().as_uri()]
    assert browser.faults == []


def found(browser):
    return int(browser.run("document.getElementById('found').textContent").split()[0].replace(",", ""))


def test_search_finds_what_is_typed(browser, page, graph):
    browser.open(page)
    every = found(browser)
    row = (
        graph.profiles.filter(pl.col("email").is_not_null())
        .sort("records", "entity_id", descending=True)
        .row(0, named=True)
    )
    browser.run("document.getElementById('words').focus()")
    browser.type(row["email"].upper())
    assert 1 <= found(browser) < every
    browser.run("document.querySelector('#entities details').open = true")
    assert row["email"] in browser.run("document.querySelector('#entities details').innerText")
    browser.type(" nobody-is-called-so")
    assert found(browser) == 0
    assert browser.run("document.querySelectorAll('#entities details').length") == 0


def test_search_is_narrowed_to_a_reason(browser, page):
    browser.open(page)
    every = found(browser)
    browser.run("why.value = 'weakest evidence'; why.dispatchEvent(new Event('change'))")
    assert 1 <= found(browser) < every


def test_accents_do_not_matter(browser, page, graph, tmp_path):
    records = pl.DataFrame({"record_id": ["crm:1", "crm:2"], "kind": "contact", "name": ["Žofie Ćosić", "Bo Li"]})
    browser.open(ig.Graph.from_frames(records=records).report(tmp_path / "page.html"))
    browser.run("document.getElementById('words').focus()")
    browser.type("cosic zofie")
    assert found(browser) == 1


def test_names_that_hold_html_or_script_are_inert(browser, hostile, hostile_names):
    browser.open(hostile)
    assert browser.run("typeof window.broken") == "undefined"
    assert browser.run("document.images.length + document.querySelectorAll('main b, main i, main u').length") == 0
    assert browser.run("document.scripts.length") == 2
    assert browser.faults == []
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    shown = browser.run("document.body.textContent")
    for name in hostile_names:
        assert name in shown
    assert "49" not in browser.run("document.getElementById('entities').textContent")


def test_a_script_that_got_in_would_not_run(browser, hostile):
    browser.open(hostile)
    browser.run("document.body.append(Object.assign(document.createElement('script'), {text: 'window.broken = 1'}))")
    browser.run("document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.broken = 1\" id=p>')")
    browser.run("document.getElementById('p').click()")
    assert browser.run("typeof window.broken") == "undefined"
    assert any("Content Security Policy" in fault for fault in browser.faults)


def test_a_screen_reader_finds_its_way(browser, page):
    browser.open(page)
    told = browser.roles()
    roles = [role for role, _ in told]
    for landmark in ("banner", "navigation", "main", "contentinfo", "search"):
        assert roles.count(landmark) == 1, landmark
    assert [name for role, name in told if role == "searchbox"] == ["Name, value, record or entity id"]
    assert [name for role, name in told if role == "combobox"] == ["Which"]
    assert "status" in roles
    levels = browser.run("[...document.querySelectorAll('h1, h2')].map((head) => head.tagName)")
    assert levels[0] == "H1"
    assert levels.count("H1") == 1
    sections = browser.run(
        "[...document.querySelectorAll('section')].map((part) => part.getAttribute('aria-labelledby'))"
    )
    assert browser.run(f"{sections}.every((id) => document.getElementById(id).tagName === 'H2')")
    assert browser.run(
        "[...document.querySelectorAll('table')].every((one) => one.caption && one.querySelector('th[scope=col]'))"
    )
    assert browser.run("document.documentElement.lang") == "en"
    assert browser.run("[...document.querySelectorAll('a')].every((a) => document.getElementById(a.hash.slice(1)))")


def test_the_keyboard_is_enough(browser, page):
    browser.open(page)
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") > 0
    browser.press("Enter", 13)
    assert browser.run("location.hash") == "#main"
    browser.run("document.querySelector('#entities summary').focus()")
    browser.press("Enter", 13)
    assert browser.run("document.querySelector('#entities details').open")
    browser.run("document.getElementById('words').focus()")
    browser.press("Enter", 13)  # must not send the form away
    assert browser.run("location.pathname").endswith("page.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, page, scheme):
    browser.show(scheme)
    browser.open(page)
    texts = "p, a, td, th, dt, dd, strong, summary, summary span, h1, h2, label, input, select"
    assert [colours for colours, ratio in browser.contrasts(texts).items() if ratio < 4.5] == []
    assert browser.is_light() == (scheme == "light")


def test_it_fits_a_narrow_window(browser, page):
    browser.show("light", width=360)
    browser.open(page)
    assert browser.run("document.documentElement.scrollWidth") <= 360
