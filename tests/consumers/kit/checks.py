"""What was looked at, and what of it is wrong."""

from dataclasses import dataclass, field


@dataclass
class Checks:
    """Checks of one kind."""

    of: str
    passed: int = 0
    wrong: list = field(default_factory=list)

    def that(self, holds, otherwise):
        """Notes a check, and what to say if it does not hold. The result is whether it does."""
        if holds:
            self.passed += 1
        else:
            self.wrong.append(otherwise)
        return holds

    def __str__(self):
        lines = [f"{self.of}: {self.passed} of {self.passed + len(self.wrong)} checks"]
        return "\n  ".join([*lines, *self.wrong])
