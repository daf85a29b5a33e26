"""Words that say nothing about a post: stop words of titles, by language."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _words(
    """
    a about after again all also am an and any are aren't as at be because been before being but by can can't come could did
    do does doesn't doing don't down each ever every everyone few for from get gets getting go going got had has have having
    he her here hers him his how i i'd i'll i'm i've if in into is isn't it it's its just know let let's like make makes me
    more most much my no nobody nor not now of off on once one only or other our out over own part part's pov really said
    same say see she should so some someone something still stop such take than that that's the their them then there these
    they they're thing things this those through to too try until up us use used very want was wasn't watch way we were what
    what's when where which while who why will wish with without won't would yes yet you you'll you're you've your
    """
)
KOREAN = _words(
    """
    이거 이것 그거 저거 이건 그건 이렇게 그렇게 저렇게 이런 그런 저런 정말 진짜 너무 아주 매우 완전 그냥 제일
    가장 많이 조금 다시 아직 이미 바로 같이 함께 그리고 그래서 그런데 하지만 또는 때문 때문에 대해 위해 통해
    대한 위한 있는 없는 있다 없다 하는 하고 해서 했던 했는데 하면 합니다 있어요 없어요 해요 됩니다 되는 우리
    저희 나는 내가 제가 저는 여기 거기 오늘 지금 모두 누구 무엇 어떻게 이번 저번 어떤 모든 아무도 절대 안돼
    하나 한번 보세요 드디어
    """
)
CHINESE = _words(
    """
    什么 怎么 如何 因为 所以 但是 如果 以后 之后 时候 大家 自己 知道 觉得 真的 到底 原来 姐妹 今天 今年
    现在 看完
    """
)
#: Characters that only tie words together: at neither end of a word.
CHINESE_TIES = frozenset(
    "的了是我你他她它们在和与及或也都就不没很太再又还这那有把被让给对从到吗呢吧啊呀哦嘛啦么着过得地之其个"
    "一二两三四五几每各最更超去来要会能可"
)
