"""Accounts in a browser: each flow once, in both languages, on a phone, in the dark, by keyboard and without JavaScript."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import violations
from tests.stack import PASSWORD, Stack
from tests.waiting import until

NEW_PASSWORD = "another-long-one-42"
DOORS = ("/sign-in", "/sign-up", "/sign-up/sent", "/password/forgotten", "/password/x/y", "/invitations/x")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Scout that everybody may sign up to; mail goes to the log."""
    stack = Stack(tmp_path_factory.mktemp("house"), workers=1, SIGNUP="open").start()
    stack.python(
        "from searches.accounts.models import User\nresult = User.objects.filter(username='demo').update(email='demo@example.com')"
    )
    yield stack
    stack.stop()


@pytest.fixture
def person(house: Stack) -> str:
    """Somebody new, in a workspace of their own."""
    name = f"p{uuid.uuid4().hex[:8]}"
    house.python(
        "from searches.accounts.models import *\nfrom searches.accounts.membership import join\n"
        f"u = User.objects.create_user({name!r}, {name + '@example.com'!r}, {PASSWORD!r}, display_name='Somebody')\n"
        f"join(Workspace.objects.create(name='Place of {name}'), u, 'owner')\nresult = u.pk"
    )
    return name


@pytest.fixture
def page_in(watched: Page, house: Stack, person: str) -> Page:
    sign_in(watched, house, person)
    return watched


def link_in_mail(house: Stack, path: str) -> str:
    """The last link of that path that was mailed."""
    found: list[str] = []

    def look() -> bool:
        found[:] = re.findall(rf"{house.address}{path}\S+", house.log("web0"))
        return bool(found)

    until(look)
    return found[-1]


def pages_of(house: Stack, person: str) -> dict[str, str]:
    """Every page of an account, by its name."""
    ids = house.python(f"from searches.accounts.models import *\nresult = Membership.objects.get(user__username={person!r}).workspace_id")
    names = {"profile": "/account", "tokens": "/account/tokens", "sessions": "/account/sessions", "leave": "/account/delete"}
    return names | {"workspaces": "/workspaces", "workspace": f"/workspaces/{ids}", "delete": f"/workspaces/{ids}/delete"}


def test_sign_up(watched: Page, house: Stack) -> None:
    """From the door to the desk, in Korean, by way of the mail."""
    name = f"n{uuid.uuid4().hex[:8]}"
    watched.goto(f"{house.address}/sign-in")
    watched.get_by_role("button", name="한국어").click()
    watched.get_by_role("link", name="가입").click()
    watched.get_by_label("사용자 이름").fill(name)
    watched.get_by_label("이메일 주소").fill(f"{name}@example.com")
    watched.get_by_label("비밀번호").fill("short")
    watched.get_by_role("button", name="가입").click()
    problem = watched.locator(".errorlist")
    expect(problem).to_have_count(1)
    expect(watched.get_by_label("비밀번호")).to_have_attribute("aria-invalid", "true")
    watched.get_by_label("비밀번호").fill(NEW_PASSWORD)
    watched.keyboard.press("Enter")
    expect(watched.locator("h1")).to_have_text("메일을 확인해 주세요")
    watched.goto(link_in_mail(house, "/sign-up/"))
    watched.get_by_role("button", name="네, 맞습니다").click()
    expect(watched.get_by_role("status")).to_contain_text("계정이 준비되었습니다")
    watched.get_by_label("사용자 이름").fill(name)
    watched.get_by_label("비밀번호").fill(NEW_PASSWORD)
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/dashboard")
    expect(watched.locator(".menu-name")).to_have_text(name)


def test_forgotten_password(watched: Page, house: Stack, person: str) -> None:
    watched.goto(f"{house.address}/sign-in")
    watched.get_by_role("link", name="Forgotten your password?").click()
    watched.get_by_label("E-mail address").fill(f"{person}@example.com")
    watched.keyboard.press("Enter")
    expect(watched.locator("main")).to_contain_text("a link is on its way")
    watched.goto(link_in_mail(house, "/password/"))
    watched.locator("[name=new_password1]").fill(NEW_PASSWORD)
    watched.locator("[name=new_password2]").fill(NEW_PASSWORD)
    watched.keyboard.press("Enter")
    expect(watched.get_by_role("status")).to_contain_text("Your new password is set")
    watched.get_by_label("User name").fill(person)
    watched.get_by_label("Password").fill(NEW_PASSWORD)
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/dashboard")


def test_slowed_down(watched: Page, house: Stack) -> None:
    watched.goto(f"{house.address}/sign-in")
    for _i in range(8):
        watched.get_by_label("User name").fill("nobody-at-all")
        watched.get_by_label("Password").fill("wrong")
        watched.keyboard.press("Enter")
        expect(watched.get_by_role("alert")).to_be_visible()
    expect(watched.get_by_role("alert")).to_contain_text("Please wait")
    expect(watched.get_by_label("User name")).to_have_value("nobody-at-all")


def test_profile(page_in: Page, house: Stack) -> None:
    page_in.locator(".menu summary").click()
    page_in.locator(".menu").get_by_role("link", name="Profile").click()
    page_in.get_by_label("Display name").fill("김하늘")
    page_in.get_by_role("combobox", name="Language").select_option("ko")
    page_in.get_by_label("Time zone").select_option("Asia/Seoul")
    page_in.get_by_role("button", name="Save").click()
    expect(page_in.locator("html")).to_have_attribute("lang", "ko")
    expect(page_in.get_by_role("status")).to_contain_text("저장했습니다")
    expect(page_in.locator(".menu-name")).to_have_text("김하늘")


def test_another_password(page_in: Page, house: Stack) -> None:
    page_in.goto(f"{house.address}/account")
    form = page_in.locator("form[action='/account/password']")
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_label("New password").fill(NEW_PASSWORD)
    form.get_by_role("button").click()
    expect(page_in.get_by_role("status")).to_contain_text("Your password is changed")


def test_tokens(page_in: Page, house: Stack) -> None:
    """Made, copied, seen once, revoked in two steps."""
    page_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page_in.goto(f"{house.address}/account/tokens")
    page_in.get_by_label("What it is for").fill("laptop")
    page_in.keyboard.press("Enter")
    token = page_in.get_by_label("To copy").input_value()
    page_in.get_by_role("button", name="Copy").click()
    expect(page_in.locator(".copy output")).to_have_text("Copied")
    assert page_in.evaluate("navigator.clipboard.readText()") == token
    expect(page_in.locator("pre")).to_contain_text(token)
    assert violations(page_in) == []
    page_in.goto(f"{house.address}/account/tokens")
    expect(page_in.locator("main")).not_to_contain_text(token)
    page_in.locator(".sure summary").click()
    assert violations(page_in) == []
    page_in.get_by_role("button", name="Yes: Revoke").click()
    expect(page_in.get_by_role("status")).to_contain_text("The token is revoked")
    expect(page_in.locator(".people")).to_have_count(0)


def test_sessions(page_in: Page, house: Stack, person: str, browser: Browser) -> None:
    """Signed out from elsewhere, an open page hears of it by itself."""
    other = browser.new_context(locale="en-US").new_page()
    sign_in(other, house, person)
    other.fill("input[name=q]", "sandbox:stuck words of " + person)
    other.keyboard.press("Enter")
    expect(other.locator("[data-live]")).to_be_visible()
    page_in.goto(f"{house.address}/account/sessions")
    expect(page_in.locator(".people li")).to_have_count(2)
    expect(page_in.locator(".people li").first).to_contain_text("This browser")
    with other.expect_websocket() as opened:
        other.reload()
    page_in.wait_for_timeout(500)
    page_in.get_by_role("button", name="Sign out all others").click()
    expect(page_in.locator(".people li")).to_have_count(1)
    until(opened.value.is_closed)
    other.goto(f"{house.address}/dashboard")
    expect(other.locator("h1")).to_have_text("Sign in")
    other.context.close()


def test_workspaces(page_in: Page, house: Stack, person: str) -> None:
    """A new one, the switch in the header, its end."""
    page_in.goto(f"{house.address}/workspaces")
    page_in.get_by_label("Name").fill("Second place")
    page_in.keyboard.press("Enter")
    expect(page_in.locator("h1")).to_have_text("Second place")
    page_in.locator(".menu summary").click()
    page_in.get_by_role("button", name=f"Switch to Place of {person}").click()
    expect(page_in.locator("h1")).to_have_text("Second place")
    page_in.locator(".menu summary").click()
    expect(page_in.locator(".menu [aria-current]")).to_have_text(f"Place of {person}")
    page_in.get_by_role("link", name="Delete this workspace").click()
    page_in.get_by_label("Type Second place to confirm").fill("Second place")
    page_in.keyboard.press("Enter")
    expect(page_in.get_by_role("status")).to_contain_text("Second place is deleted")


def test_invitation(page_in: Page, house: Stack, person: str, browser: Browser) -> None:
    """A link from one to another, who is signed in with another address; then they are made an owner, and leave."""
    page_in.goto(house.address + pages_of(house, person)["workspace"])
    page_in.get_by_label("E-mail address").fill("somebody@example.com")
    page_in.get_by_role("button", name="Invite").click()
    expect(page_in.get_by_role("status")).to_contain_text("We have sent an invitation")
    guest = browser.new_context(locale="ko-KR").new_page()
    guest.goto(link_in_mail(house, "/invitations/"))
    guest.get_by_role("link", name="로그인하고 수락").click()
    guest.locator("input[name=username]").fill("demo")
    guest.locator("input[name=password]").fill(PASSWORD)
    guest.keyboard.press("Enter")
    expect(guest.locator("main")).to_contain_text("somebody@example.com")
    assert violations(guest) == []
    guest.get_by_role("button", name="demo(으)로 수락").click()
    expect(guest.get_by_role("status")).to_contain_text("환영합니다")
    page_in.reload()
    page_in.get_by_role("button", name="Make an owner demo").click()
    guest.goto(page_in.url)
    guest.locator(".people li", has_text="나").locator(".sure summary").click()
    guest.get_by_role("button", name="예: 나가기").click()
    expect(guest.get_by_role("status")).to_contain_text("나왔습니다")
    guest.context.close()


def test_leaving(page_in: Page, house: Stack, person: str) -> None:
    """First the data, then the end."""
    page_in.goto(f"{house.address}/account/delete")
    with page_in.expect_download() as file:
        page_in.get_by_role("link", name="Download").click()
    assert person in Path(file.value.path()).read_text()
    page_in.get_by_label(f"Type {person} to confirm").fill(person)
    page_in.get_by_label("Your password").fill(PASSWORD)
    page_in.keyboard.press("Enter")
    expect(page_in.get_by_role("status")).to_contain_text("Your account is deleted")


# For everybody.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(page_in: Page, house: Stack, person: str, scheme: str, screens: Path) -> None:
    page_in.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    wrong = {}
    for name, path in pages_of(house, person).items():
        page_in.goto(house.address + path)
        page_in.locator(".menu summary").click()
        wrong[name] = violations(page_in)
        page_in.screenshot(path=screens / f"accounts-{name}-{scheme}.png", full_page=True)
    page_in.context.clear_cookies()
    for path in DOORS:
        page_in.goto(house.address + path)
        wrong[path] = violations(page_in)
        page_in.screenshot(path=screens / f"accounts{path.replace('/', '-')}-{scheme}.png", full_page=True)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone(page_in: Page, house: Stack, person: str, language: str, screens: Path) -> None:
    """Nothing sticks out at 360 px, with the menu open; what is to be touched is large enough."""
    page_in.context.add_cookies([{"name": "django_language", "value": language, "url": house.address}])
    page_in.set_viewport_size({"width": 360, "height": 800})
    wrong: dict[str, object] = {}
    for name, path in pages_of(house, person).items():
        page_in.goto(house.address + path)
        page_in.screenshot(path=screens / f"accounts-{name}-phone-{language}.png", full_page=True)
        page_in.locator(".menu summary").click()
        wrong[name] = small(page_in) + sticks_out(page_in)
    page_in.screenshot(path=screens / f"accounts-menu-phone-{language}.png")
    page_in.context.clear_cookies()
    page_in.context.add_cookies([{"name": "django_language", "value": language, "url": house.address}])
    for path in DOORS:
        page_in.goto(house.address + path)
        wrong[path] = small(page_in) + sticks_out(page_in)
    assert {name: found for name, found in wrong.items() if found} == {}


def small(page: Page) -> list[object]:
    """Controls that a finger misses: 44 px for buttons and inputs, 24 for other links."""
    found: list[object] = page.eval_on_selector_all(
        "button, summary, input:not([type=hidden], [type=checkbox]), select, main a[href], nav a",
        """all => all.filter(e => e.checkVisibility() && e.offsetHeight < (e.matches('main a:not(.button)') ? 24 : 44))
            .map(e => [e.outerHTML.slice(0, 120), e.offsetHeight])""",
    )
    return found


def sticks_out(page: Page) -> list[object]:
    box = page.locator(".menu-box").bounding_box() if page.locator(".menu-box").count() else None
    wide = page.evaluate("document.documentElement.scrollWidth")
    out = [wide] if wide > 360 else []
    return out + ([box] if box and (box["x"] < 0 or box["x"] + box["width"] > 360) else [])


def test_keyboard(page_in: Page, house: Stack) -> None:
    """The menu opens and closes by Enter, and its links come next."""
    page_in.goto(f"{house.address}/account")
    page_in.locator(".menu summary").focus()
    page_in.keyboard.press("Enter")
    page_in.keyboard.press("Tab")
    expect(page_in.locator(".menu-box a").first).to_be_focused()
    outline = page_in.locator(".menu-box a").first.evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page_in.locator(".menu summary").focus()
    page_in.keyboard.press("Space")
    expect(page_in.locator(".menu-box")).not_to_be_visible()


def test_without_javascript(browser: Browser, house: Stack, person: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    sign_in(page, house, person)
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("link", name="API tokens").click()
    page.get_by_label("What it is for").fill("plain")
    page.keyboard.press("Enter")
    expect(page.get_by_label("To copy")).to_have_value(re.compile("scout_"))
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    context.close()


def test_no_page_is_kept_when_going_back(page_in: Page, house: Stack) -> None:
    """After signing out, Back shows no account."""
    page_in.goto(f"{house.address}/account/sessions")
    page_in.locator(".menu summary").click()
    page_in.get_by_role("button", name="Sign out").click()
    expect(page_in.locator("h1")).to_have_text("Sign in")
    page_in.go_back()
    expect(page_in.locator("h1")).to_have_text("Sign in")
