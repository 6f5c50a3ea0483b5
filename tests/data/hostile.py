"""Texts that attack a terminal or a widget, each with bytes that must not pass."""

from __future__ import annotations

P: dict[str, tuple[str, list[bytes]]] = {
    "osc52_clip": ("\x1b]52;c;cHduZWQ=\x07", [b"\x1b]52;c;cHduZWQ="]),
    "osc0_title": ("\x1b]0;PWNTITLE\x07", [b"\x1b]0;PWNTITLE"]),
    "osc8_link": (
        "\x1b]8;;http://evil.test/x\x1b\\click\x1b]8;;\x1b\\",
        [b"\x1b]8;;http://evil.test/x"],
    ),
    "osc1337": ("\x1b]1337;File=name=YQ==:AAAA\x07", [b"\x1b]1337;File=name"]),
    "osc9_notify": ("\x1b]9;PWNNOTIFY\x07", [b"\x1b]9;PWNNOTIFY"]),
    "csi_clear": ("\x1b[2J\x1b[HPWNCLEAR", [b"\x1b[2J\x1b[HPWNCLEAR"]),
    "csi_up": ("\x1b[5A\x1b[2KPWNUP", [b"\x1b[5A\x1b[2KPWNUP"]),
    "csi_dsr": ("\x1b[6nPWNDSR", [b"\x1b[6nPWNDSR"]),
    "csi_title21t": ("\x1b[21tPWN21", [b"\x1b[21tPWN21"]),
    "csi_decset": ("\x1b[?1049lPWNALT", [b"\x1b[?1049lPWNALT"]),
    "csi_conceal": ("\x1b[8mhidden\x1b[28m", [b"\x1b[8mhidden"]),
    "sgr_red": ("\x1b[31mSGRRED\x1b[0m", [b"\x1b[31mSGRRED"]),
    "dcs_decrqss": ("\x1bP$qPWNDCS\x1b\\", [b"\x1bP$qPWNDCS"]),
    "dcs_tmux": ("\x1bPtmux;\x1b\x1b]0;PWNTMUX\x07\x1b\\", [b"\x1bPtmux;"]),
    "apc_kitty": ("\x1b_Gf=24;PWNAPC\x1b\\", [b"\x1b_Gf=24;PWNAPC"]),
    "ris": ("\x1bcPWNRIS", [b"\x1bcPWNRIS"]),
    "c1_csi": ("\x9b31mC1CSI", ["\x9b31mC1CSI".encode()]),
    "c1_osc": ("\x9d0;C1OSC\x9c", ["\x9d0;C1OSC".encode()]),
    "cr_overwrite": ("status FAILED\rstatus OK    ", [b"\rstatus OK"]),
    "backspace": ("rm -rf /\x08\x08\x08BSPWN", [b"\x08BSPWN"]),
    "bel": ("ding\x07BELPWN", [b"\x07BELPWN"]),
    "nul": ("a\x00NULPWN", [b"\x00NULPWN"]),
    "so_si": ("\x0eSOPWN\x0f", [b"\x0eSOPWN"]),
    "del": ("a\x7fDELPWN", [b"\x7fDELPWN"]),
    "bidi_rlo": ("user\u202e\u2066admin\u2069PWNBIDI", ["\u202e".encode()]),
    "zwsp": ("drop\u200btablePWN", ["\u200btablePWN".encode()]),
    "vt_ff": ("a\x0b\x0cVTPWN", [b"\x0b\x0cVTPWN", b"\x0cVTPWN"]),
    "ls_ps": ("l1\u2028l2\u2029l3\x85NELPWN", ["\u2028".encode()]),
}
"""Id to hostile text and the raw bytes of it that a terminal would obey."""

MARK = [
    "[",
    "[/",
    "[/]",
    "[bold",
    "[/bold]",
    "[red]x",
    "[true, false]",
    "[0] x",
    "[00] foo",
    "\\[",
    "[[",
    "]",
    "[@click=app.quit]x[/]",
    "[@click='app.bell']x[/]",
    "[link=file:///etc/passwd]x[/link]",
    "$x[$y]",
    "arr[i]=b[j]",
    "[a=b",
    '["x"]',
    "[#zzz]x[/]",
    "[on red]x",
    "[not a style]x",
    "{'k': [1, 2, {'z': None}]}",
    "[INFO] msg",
    "[2024-01-01T00:00:00Z] msg",
    "[ERROR/worker-1] boom",
    "regex [a-z]+[/\\]]*",
    "[/usr/bin/env]",
    "[=]",
    "[:red:]",
    "[$primary]x",
    "[$nosuch]x",
    "[50%]",
    "[auto]",
    "[bold=1]x",
    "[ x ]",
    "[!]",
    "[?]",
    "[*]",
    "[-]",
    "[x] done",
    "[ ] todo",
    "[\x1b[31m]",
]
"""Strings that markup would change, drop, or fail on."""

_CSI = (
    # The cursor: up, down, right, left, lines, column, place, tabs, saved, back.
    "5A 9B 3C 80D 2E 2F 1G 1;1H 2I 3Z 1` 4a 2b 7d 3e 1;1f s u "
    # Erasing, lines and characters put in and taken out, scrolling.
    "J 2J 3J K 2K ?2J 4L 4M 9P 9X 3S 3T 2;5r ?69h "
    # Questions that the terminal answers as if somebody typed.
    "5n 6n ?6n ?15n ?26n ?996n c >c =c 0x >q ?2026$p 4$p "
    # Windows: closed, moved, sized, asked for title and size, titles kept.
    "2t 1t 3;0;0t 8;9;9t 9;1t 11t 14t 18t 20t 21t 22;0t 23;0t "
    # Modes: screen, mouse, paste, focus, keys, line wrap, cursor, colours, frames.
    "?1049l ?1049h ?47h ?3h ?5h ?6h ?7l ?12h ?25l ?66h ?1000h ?1003h ?1004h ?1006h "
    "?2004h ?2026h 4h 20h 2h 12l >4;2m >1u =5;1u <u !p "
    # Styles: concealed, blinking, reversed, colours in three ways, curly.
    "8m 5m 7m 31m 38;5;1m 38:2::255:0:0m 4:3m 58;5;1m 1;30;40m "
    # Printing, cursor shape, rectangles filled and erased, margins, locator.
    "5i ?5i 6$q 65;1;1;9;9$x 1;1;9;9$z 1;1;9;9;7$r 2'} 1\"q 1;1'z"
)
_OSC = (
    "1; 2; 4;1;#ff0000\\ 5;0; 6;1;bg;red;brightness; 7;file://evil/ 8;id=a;http:// "
    "9;4;3; 10;# 11;? 12;# 17;# 19;# 22; 50; 51;E 52;p; 52;s;? 66;s=7; 99;i=1: 104; "
    "110; 111; 112; 133;A 133;C; 633;E; 697; 777;notify;pwn; 1337;SetUserVar=a= "
    "1337;CopyToClipboard= 1337;RequestAttention= 1337;ClearScrollback 5522;type=read "
    "30001 L l I"
)
_STRINGS = {
    "dcs_status": "\x1bP$qm@\x1b\\",
    "dcs_termcap": "\x1bP+q544e@\x1b\\",
    "dcs_keys": "\x1bP0;1|17/@\x1b\\",
    "dcs_sixel": "\x1bPq#0;2;0;0;0#0~~@\x1b\\",
    "dcs_regis": "\x1bP0p@\x1b\\",
    "dcs_font": "\x1bP1;1;1{ @\x1b\\",
    "dcs_tmux_control": "\x1bP1000p%exit @",
    "dcs_screen": "\x1bP\x1b]2;@\x07\x1b\\",
    "dcs_synchronised": "\x1bP=1s@\x1b\\",
    "screen_title": "\x1bk@\x1b\\",
    "apc_animation": "\x1b_Ga=d;@\x1b\\",
    "pm": "\x1b^@\x1b\\",
    "sos": "\x1bX@\x1b\\",
    "osc_open": "\x1b]2;@",
    "osc_by_c1": "\x1b]2;@\x9c",
    "twice": "\x1b\x1b[2J@",
    "in_a_style": "\x1b[\x1b[0m2J@",
    "cut_by_can": "\x1b[3\x18\x1b]2;@\x07",
    "csi_with_bell": "\x1b[\x072J@",
    "csi_long": "\x1b[" + "1;" * 40 + "m@",
}
_ESC = "7 8 D E H M N O Z = > n o | } ~ #8 #3 %G (0 )0 *B 6 9 l m"
_ALONE = (
    *range(0x01, 0x07),
    *(0x10, 0x12, 0x13, 0x18, 0x1A, 0x1B, 0x1C, 0x1F),
    *(0x80, 0x84, 0x85, 0x88, 0x8D, 0x90, 0x96, 0x98, 0x9A, 0x9C, 0x9E, 0x9F),
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x180E, 0x200C, 0x200D, 0x200E, 0x200F),
    *(0x202A, 0x202D, 0x202C, 0x2060, 0x2064, 0x2067, 0x206F, 0x3164, 0xFE01),
    *(0xFEFF, 0xFFA0, 0xFFF9, 0xFFFF, 0xE0041, 0xE0101, 0x1D173),
)
PLACE = "@"
"""Where a text has its tag; behind it where it has none of these."""
SEQUENCES: dict[str, str] = {
    **{name: text for name, (text, _) in P.items()},
    **{f"csi_{each}": f"\x1b[{each}@" for each in _CSI.split(" ")},
    **{f"osc_{each}": f"\x1b]{each}@\x07" for each in _OSC.split(" ")},
    **_STRINGS,
    **{f"esc_{each}": f"\x1b{each}@" for each in _ESC.split(" ")},
    **{f"u_{code:04x}": f"a{chr(code)}@" for code in _ALONE},
}
"""Id to hostile text: what is in P, and what terminals are known to obey besides."""


def hostile(name: str, tag: str) -> tuple[str, bytes]:
    """Return a text with *tag* in it, and the bytes of it that must not pass."""
    text = SEQUENCES[name]
    text = text.replace(PLACE, tag, 1) if PLACE in text else text + tag
    first = min(text.index(each) for each in text if not " " <= each <= "~")
    return text, text[first : text.index(tag) + len(tag)].encode()
