"""The story with servers as others run them: oidc-provider, through whose pages somebody goes in Chromium; PostgreSQL 15 and an
S3 behind the registry."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / each) for each in ("drawbridge", "attest")]
import people  # noqa: E402
import stores  # noqa: E402
from processes import descendants  # noqa: E402
from story_demo import Story  # noqa: E402


def why_not():
    return people.why_nobody() or stores.why_not("postgres+s3")


class RealStory(Story):
    def make_issuer(self, tls):
        return people.Provider(self.folder, tls[1], tls[0])

    def stop_issuer(self):
        self.issuer.stop()
        for name in ("s3", "postgres"):
            if hasattr(self, name):
                getattr(self, name).stop()

    def make_stores(self, tls):
        self.postgres = stores.Postgres(self.folder / "postgres")
        self.postgres.create("registry")
        self.s3 = stores.S3(self.folder / "s3", tls)
        database = self.folder / "database"
        database.write_text(f"postgresql://merlon@localhost:{self.postgres.port}/registry?sslmode=verify-full"
                            f"&sslrootcert={self.postgres.certificate}\n")
        return ["--database", database, "--objects", "s3://registry", "--s3-endpoint", self.s3.endpoint, "--s3-ca",
                self.house.server.certificate], stores.KEYS

    def stored(self):
        files = [*self.postgres.folder.rglob("*"), *self.s3.folder.rglob("*")]
        return [each for each in files if each.name != "tls.key"], self.s3.chunks()

    def named_stores(self):
        return "PostgreSQL's data, the S3's folder"

    def others(self):
        return (descendants(self.postgres.process.pid) | descendants(self.s3.process.pid)
                | {self.issuer.process.pid: "oidc-provider"})

    def name_himself(self):
        status, said, titles = self.issuer.log_in(
            [self.stage.programs / "merlon", *self.LOGIN, "--oidc-domain", self.issuer.base, self.host, "--ca-bundle",
             self.house.server.certificate], "acme", self.stage.environment())
        self.check(status == 0, "merlon user login, and Chromium through the issuer's pages", " → ".join(titles) or said)
