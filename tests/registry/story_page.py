"""The run of story_demo.py as one page for people who have never heard of a keep: who said what to whom, in order, who could
read it, and what the machine's owner really saw."""

import html
import shutil
import subprocess

STYLE = """
:root{color-scheme:light dark;--bg:#f7f6f2;--card:#fff;--ink:#1d2026;--soft:#5a6270;--line:#d8dbe1;--closed:#0f6b3a;--open:#a4580a;
--closedbg:#e7f4ec;--openbg:#fbf0e0}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1d2026;--ink:#e9ebee;--soft:#a4acb8;--line:#383d47;--closed:#74d79b;
--open:#f0b765;--closedbg:#16291e;--openbg:#2c2314}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:17px/1.55 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0 .8rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem}
p{margin:.5rem 0}.soft{color:var(--soft)}
.world{display:grid;grid-template-columns:1fr 2fr 1fr;gap:1rem;margin:1.2rem 0;align-items:stretch}
.box{background:var(--card);border:2px solid var(--line);border-radius:.8rem;padding:.8rem 1rem}
.box b{display:block}
.machine{border-style:dashed;border-color:var(--open)}
.halves{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin-top:.6rem}
.outside{background:var(--openbg);border-color:var(--open)}.keep{background:var(--closedbg);border:3px solid var(--closed)}
.side{display:grid;gap:1rem;align-content:space-between}
ol{list-style:none;margin:0;padding:0;counter-reset:n}
li{background:var(--card);border:1px solid var(--line);border-radius:.8rem;padding:.8rem 1rem .8rem 3.4rem;margin:.7rem 0;position:relative;
counter-increment:n}
li::before{content:counter(n);position:absolute;left:1rem;top:.85rem;width:1.7rem;height:1.7rem;border-radius:50%;background:var(--ink);
color:var(--bg);text-align:center;line-height:1.7rem;font-weight:600;font-size:.9rem}
.way{font-weight:600}.who{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.5rem;font-size:.88rem}
.chip{border-radius:1rem;padding:.1rem .7rem;border:1px solid var(--line)}
.reads{background:var(--openbg);border-color:var(--open)}.blind{background:var(--closedbg);border-color:var(--closed)}
code,pre{font-family:ui-monospace,monospace;font-size:.8rem}code{overflow-wrap:anywhere}
pre{background:var(--bg);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem;margin:.5rem 0 0;white-space:pre;
overflow-x:auto}
td{vertical-align:top;padding:.1rem .5rem .1rem 0}
.two{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}
@media(max-width:46rem){.world,.halves,.two{grid-template-columns:1fr}li{padding-left:3rem}}
"""

PEOPLE = ("tenant", "registry", "machine's owner", "keep", "Steward")


def text(value):
    return html.escape(str(value), quote=True)


def dump(content, size=96, width=16):
    """The first bytes as people see them in an editor of bytes."""
    lines = []
    for at in range(0, min(size, len(content)), width):
        part = content[at:at + width]
        shown = "".join(chr(each) if 32 <= each < 127 else "." for each in part)
        lines.append(f"{part.hex(' '):<{3 * width - 1}}  {shown}")
    return "<pre>" + text("\n".join(lines)) + "</pre>"


def seen(packets, port):
    """What went by to that port as who listens sees it: the first piece of TLS that carries content."""
    tool = shutil.which("tshark")
    if not tool or not packets.exists():
        return None
    said = subprocess.run([tool, "-r", packets, "-d", f"tcp.port=={port},tls", "-Y",
                           f"tcp.dstport=={port} && tls.app_data", "-T", "fields", "-e", "tls.app_data"],
                          capture_output=True, text=True, check=False).stdout
    longest = max((each for line in said.splitlines() for each in line.split(",")), key=len, default="")
    return bytes.fromhex(longest.replace(":", "")) or None


def message(way, what, readers, extra=""):
    chips = "".join(f'<span class="chip {"reads" if each in readers else "blind"}">{text(each)} '
                    f'{"reads it" if each in readers else "cannot"}</span>' for each in PEOPLE)
    return f'<li><div class="way">{way}</div><div>{what}</div>{extra}<div class="who">{chips}</div></li>'


def world():
    return """<div class="world" role="img" aria-label="A tenant and a registry on one side, a machine that is divided into its owner's part and a keep, a Steward on the other">
<div class="side"><div class="box"><b>Tenant</b>owns the program and the data. Trusts his own computer.</div>
<div class="box outside"><b>Registry</b>stores packages. Nobody needs to trust it.</div></div>
<div class="box machine"><b>A rented machine</b>
<div class="halves"><div class="box outside"><b>Its owner's part</b>operating system, gatehouse, disks, network. The owner can read and change all of it.</div>
<div class="box keep"><b>The keep</b>memory that the processor encrypts. The owner starts it, and cannot look into it. Here the program runs.</div></div></div>
<div class="side"><div class="box"><b>Steward</b>looks at a keep's proof and vouches for it with a certificate.</div>
<div class="box"><b>Client</b>somebody who uses the program, over TLS.</div></div></div>"""


def messages(story):
    code = lambda value: f"<code>{text(value)}</code>"  # noqa: E731
    sealed = story.sealed_bytes
    both = (f'<div class="two"><div>What the tenant has, main.wasm:{dump(story.echo, 80, 8)}</div>'
            f'<div>What the registry has, package.sealed:{dump(sealed, 80, 8)}</div></div>')
    wire = lambda port, name: (f'What passed by on the wire to the {name}:{dump(part)}'  # noqa: E731
                               if (part := seen(story.packets, port)) else "")
    whose = "the tenant gives to his own keep and to nobody else" if story.fetches else "never leaves the tenant"
    told = [
        message("Tenant → registry: “I am acme.”", "A token from the tenant's login service says who he is; it says nothing of programs.",
                {"tenant", "registry"}),
        message("Tenant → registry: a package, sealed and signed",
                f"The program is encrypted with a key that {whose}. The registry keeps {len(sealed):,} bytes under the "
                f"name {code(story.slug)}; their digest is {code('sha-256=' + story.digest)}. The tag is signed, so no other version can "
                "be shown in its place.", {"tenant"}, both),
    ]
    if story.fetches:
        told.append(message("Tenant → registry: “Give it to my own keeps as well, and to nobody else.”",
                            "The repository is private. A keep of the tenant's may read it that a Steward vouches for, with measurement "
                            f"{code(story.measurement[:32] + '…')}.", {"tenant", "registry"}))
    told += [
        message("Registry → tenant: the package, still sealed",
                "To deploy it he asks for it by its name. He checks the signature, and each byte against the digest.", {"tenant"}),
        message("Tenant → machine: “Start an empty keep, and prove it. Here is a number that nobody has used before.”",
                f"The machine's owner starts keep {code(story.keep)}. Nothing of the program is there yet.",
                {"tenant", "machine's owner", "keep"}),
        message("Keep → tenant: proof",
                "The processor signs what it has measured of all that was loaded, together with the tenant's number and a key that "
                f"was made in this keep just now. Measurement: {code(story.measurement)}. Anybody may read a proof; nobody can make one up.",
                set(PEOPLE) - {"registry"}),
        message("Tenant: judges",
                "He compares the measurement with the one that he computed himself, checks the signature up to the manufacturer's root and "
                "its list of revoked processors. <b>Only because all of this holds</b> he goes on.", {"tenant"}),
        message("Tenant → keep: where the package lies, its digests and the key that opens it, sealed to the keep's key" if story.fetches
                else "Tenant → keep: the program, sealed to that key",
                "Only this one keep has the key's other half. The gatehouse carries bytes that it cannot read.", {"tenant", "keep"},
                wire(story.house.port, "gatehouse")),
        message("Keep → Steward: proof → certificate",
                "The Steward judges the same kind of proof and gives the keep a certificate that says what runs where: measurement "
                f"{code(story.measurement[:32] + '…')}, program {code('sha-256 ' + story.module)}.", {"keep", "Steward"}),
    ]
    if story.fetches:
        told.append(message("Keep → registry: its certificate; registry → keep: the package, still sealed",
                            "The registry sees which keep asks, compares it with the tenant's rule, and gives bytes that it cannot read. The "
                            "keep checks each of them against the tenant's digests, and opens them with his key.", {"tenant", "keep"}))
    told.append(message("Client ↔ keep: TLS that ends inside",
                        "The client sees a certificate that names keep and program, and talks. The connection is encrypted up to the inside of "
                        "the keep.", {"keep"}, wire(story.port, "keep")))
    return told


def scan(story):
    rows = "".join(f"<tr><td>{'✔' if good else '✘'}</td><td>{text(what)}</td></tr>" for good, what in story.looked)
    return ("<h2>And what did the owners of machine and registry really get?</h2><p>During this very run what lies outside of the keep was "
            "looked through for the program's first bytes, its settings, the words of the connection and the tenant's keys, by which "
            "the package is sealed and signed. None of it was found, but in the first of these, where it must be:</p>"
            f"<table>{rows}</table><p class=soft>The processor was a simulation that runs as a program of this machine, so here "
            "its owner <em>can</em> read the keep's memory (the first line shows that the search finds what is there). On a "
            f"real processor with {'SGX' if story.stage.of_sgx else 'SEV-SNP'} that memory is encrypted.</p>")


def page(story):
    body = "\n".join(messages(story))
    return (f"<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
            f"<title>A program that its host cannot read</title><style>{STYLE}</style></head>\n<body><main>"
            "<h1>A program runs on a machine whose owner cannot read it</h1>"
            "<p>Somebody wants to run a program on a computer that belongs to someone else. Usually that owner can read everything: the "
            "program, its data, its keys. Here he cannot. This page tells one real run, with the digests and bytes that really "
            f"occurred.</p>{world()}<p class=soft>Orange: others can read it. Green: closed.</p><h2>What was said, in order</h2>"
            f"<ol>{body}</ol>{scan(story)}</main></body></html>\n")
