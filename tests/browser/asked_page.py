"""What the tests of the playground's pages share: hostile words, a canned row, asking."""

ROW = {"label": "positive", "scores": [0.3, 0.7], "labels": ["negative", "positive"]}
HOSTILE = "<img src=x onerror=\"document.title='broken into'\"> & <b>bold</b>"


def answering(values):
    """A model that always answers the same."""
    return lambda body: (200, {"predictions": [values]})


def ask(page, text="a fine film"):
    """Type, press the button, wait: the region of the answer."""
    form = page.locator("[data-question='0']")
    form.locator("textarea").first.fill(text)
    form.locator("button[type=submit]").click()
    return answered(page)


def answered(page, *, question=0, timeout=60_000):
    """Wait until all is answered: the region of the answer."""
    place = f"[data-question='{question}'] .answer"
    page.wait_for_selector(f"{place}[aria-busy=false]", timeout=timeout)
    return page.locator(place)
