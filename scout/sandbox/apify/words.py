"""Vocabulary of made-up posts, one table per script. `{q}` stands for the query, `{n}` for a small number."""

from dataclasses import dataclass


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    language: str
    titles: tuple[str, ...]
    tails: tuple[str, ...]
    tags: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    bios: tuple[str, ...]
    music: tuple[str, ...]


KOREAN = Vocabulary(
    language="ko",
    titles=_list(
        """
        {q} 처음이라면 이것부터 보세요 | 요즘 난리 난 {q} 모음 | {q} 하나로 분위기 확 바꾸는 법 |
        3분 만에 끝내는 {q} | {q} {n}일 해보고 느낀 점 | 이거 모르면 손해, {q} 꿀팁 {n}가지 |
        {q} 브이로그 ep.{n} | 솔직 후기: {q} 진짜 괜찮을까? | 아무도 안 알려주는 {q} 비밀 | 출근 전 {q} 루틴 |
        {q} 전후 비교, 차이 보이나요? | 만원으로 즐기는 {q} | {q} 실패 없이 고르는 기준 |
        친구한테만 알려주는 {q} | 올해 {q} 트렌드 미리보기 | {q} 따라 해봤더니 생긴 일 |
        집에서 하는 {q}, 준비물은 단 {n}개 | {q} 추천 TOP {n} | 주말에 딱 좋은 {q} |
        {q} 이렇게 하면 절대 안 돼요 | 요청 많았던 {q} 드디어 공개 | 현직자가 알려주는 {q} |
        {q} 한 번에 정리해 드릴게요 | 댓글에서 물어보신 {q} 정보
        """
    ),
    tails=("", "", "", " ✨", " 🔥", " 😍", " 저장 필수!", " (끝까지 보세요)", " #{n}편", " 💕"),
    tags=_list(
        """
        추천 | 일상 | 꿀팁 | 브이로그 | 트렌드 | 추천템 | 데일리 | 후기 | fyp | foryou | 챌린지 | 신상 | 인기 |
        주말 | 소통 | 정보
        """
    ),
    names=_list(
        """
        민지 | 서연 | 하늘 | 지우 | 도윤 | 유나 | 준호 | 은채 | 소미 | 태오 | 다은 | 현우 | 나래 | 보라 | 시온 |
        가온
        """
    ),
    roles=("일기", "연구소", "로그", "스튜디오", "언니", "티비", "의 하루", "노트", "상점", "클래스"),
    bios=_list("매일 저녁 7시 업로드 | 광고 문의는 메일로 | 좋아하는 것만 올려요 | 서울 · 일상 기록 | 하루 한 편, 짧게"),
    music=_list("오리지널 사운드 | 밤 산책 | 여름의 끝 | 봄바람 | 느린 오후"),
)

CHINESE = Vocabulary(
    language="zh",
    titles=_list(
        """
        {q}合集，建议收藏 | 新手必看的{q}教程 | 一分钟学会{q} | {q}避坑指南 | 坚持{q}{n}天后的变化 |
        原来{q}还可以这样 | {q}天花板，看完再决定 | 今年最火的{q}都在这里 | 跟着我一起{q} | 亲测有效的{q}方法 |
        {q}到底值不值？ | 姐妹们，{q}真的绝了 | 关于{q}的{n}个小技巧 | 在家也能轻松{q} | {q}前后对比太明显 |
        百元预算搞定{q} | 你不知道的{q}冷知识 | 沉浸式{q}，超级解压 | {q}红黑榜来了 | 下班后的{q}日常 |
        老师傅教你{q} | 千万别再这样{q}了 | {q}推荐清单第{n}期 | 周末一起去{q}吧
        """
    ),
    tails=("", "", "", "✨", "🔥", "！", "（附清单）", "，最后一个太惊喜", "～", "💡"),
    tags=_list(
        """
        推荐 | 日常 | 干货 | 分享 | 教程 | 好物 | 种草 | 热门 | 生活记录 | 测评 | 新手 | 必看 | 周末 | 打卡 |
        收藏 | vlog
        """
    ),
    names=_list(
        """
        小雨 | 阿杰 | 橙子 | 林夕 | 子涵 | 可可 | 大壮 | 思思 | 阿宁 | 北北 | 一鸣 | 安安 | 小鹿 | 念念 | 乐乐 |
        南风
        """
    ),
    roles=("日记", "研究所", "的小店", "同学", "说", "工作室", "爱生活", "vlog", "课堂", "笔记"),
    bios=_list("每天分享一点点 | 合作请私信 | 只推荐自己用过的 | 热爱生活的普通人 | 上海｜记录日常"),
    music=_list("原创音乐 | 晚风 | 夏日限定 | 城市散步 | 慢慢来"),
)

ENGLISH = Vocabulary(
    language="en",
    titles=_list(
        """
        {q} that actually works | POV: you finally tried {q} | I tested {q} for {n} days |
        {n} {q} tips I wish I knew sooner | nobody talks about this {q} trick | my honest {q} review |
        {q} for beginners, in one minute | the {q} everyone is asking about | come with me: {q} edition |
        rating viral {q}, part {n} | {q} before and after | stop doing {q} like this |
        get ready with me while I talk about {q} | {q} on a budget | what I spend on {q} in a week |
        things that make {q} easier | day {n} of {q} until it clicks | {q}, but make it simple |
        replying to everyone who asked about {q} | the only {q} guide you need | {q} haul, all {n} of them |
        small habits, big {q} | watch this before you buy {q} | an expert reacts to {q}
        """
    ),
    tails=("", "", "", " ✨", " 🔥", " (save this!)", " wait for the end", " 😅", " | part {n}", " 💫"),
    tags=_list(
        """
        fyp | foryou | viral | tips | review | daily | howto | trending | learnontiktok | favorites | vlog |
        haul | routine | diy | weekend | inspo
        """
    ),
    names=_list(
        """
        Maya | Oliver | June | Theo | Ines | Sam | Ruby | Noah | Priya | Leo | Zoe | Kai | Nora | Milo | Ada |
        Finn
        """
    ),
    roles=(" Daily", " Studio", " Makes", " & Co", " Reviews", " Lab", " Diaries", " Shorts", " Explains", " Club"),
    bios=_list(
        """
        new video every day at 7 | business: see link | I only post what I use | small joys, short videos |
        learning out loud
        """
    ),
    music=_list("original sound | Night Walk | Late Summer | Soft Focus | City Lights"),
)

#: Handles are Latin on every platform, whatever the script of the name beside them.
HANDLES = _list(
    """
    minji | seoyeon | haneul | jiwoo | doyoon | yuna | junho | eunchae | xiaoyu | ajie | chengzi | keke | maya |
    oliver | june | theo | ines | ruby | noah | priya | zoe | kai | nora | finn
    """
)
HANDLE_TAILS = (".daily", "_log", "studio", ".official", "_v", "lab", "_tv", ".diary", "notes", "_shop")


def vocabulary(query: str) -> Vocabulary:
    """The table for a query's script: Hangul before Han (Korean texts quote Han, not the other way round)."""
    if any("\uac00" <= c <= "\ud7a3" or "\u1100" <= c <= "\u11ff" or "\u3130" <= c <= "\u318f" for c in query):
        return KOREAN
    kana = any("\u3040" <= c <= "\u30ff" for c in query)
    if not kana and any("\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" for c in query):
        return CHINESE
    return ENGLISH
