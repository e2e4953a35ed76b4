from crewai.tools.base_tool import BaseTool


class _Shared(BaseTool):
    name: str = "shared"
    description: str = "Shares."

    def _run(self) -> str:
        return ""


class a_class(_Shared):
    name: str = "a class"
