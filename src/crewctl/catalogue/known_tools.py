"""What crewai_tools' own tools are known to do; the policy can add to it and never take away."""

from __future__ import annotations

from crewctl.catalogue.catalogue import Catalogue

_CALLS_MODELS = (
    # These embed, search with, or look through a model of their own choice.
    "AIMindTool",
    "CodeDocsSearchTool",
    "ContextualAICreateAgentTool",
    "ContextualAIQueryTool",
    "CSVSearchTool",
    "DallETool",
    "DirectorySearchTool",
    "DOCXSearchTool",
    "GithubSearchTool",
    "JSONSearchTool",
    "MDXSearchTool",
    "MySQLSearchTool",
    "OCRTool",
    "PDFSearchTool",
    "PatronusLocalEvaluatorTool",
    "RagTool",
    "StagehandTool",
    "TXTSearchTool",
    "VisionTool",
    "WebsiteSearchTool",
    "XMLSearchTool",
    "YoutubeChannelSearchTool",
    "YoutubeVideoSearchTool",
)
_RUNS_CODE = (
    "CodeInterpreterTool",
    "DaytonaExecTool",
    "DaytonaPythonTool",
    "E2BExecTool",
    "E2BPythonTool",
    "GenerateCrewaiAutomationTool",
    "InvokeCrewAIAutomationTool",
)
_SENDS_DATA = (
    "ApifyActorsTool",
    "BedrockInvokeAgentTool",
    "ComposioTool",
    "CrewaiPlatformTools",
    "DatabricksQueryTool",
    "EnterpriseActionTool",
    "MergeAgentHandlerTool",
    "MultiOnTool",
    "NL2SQLTool",
    "S3WriterTool",
    "ZapierActionTool",
    "ZapierActionTools",
)
_WRITES_FILES = ("FileCompressorTool", "FileWriterTool")
_READS_FILES = ("DirectoryReadTool", "FileReadTool")

KNOWN_TAGS: dict[str, frozenset[str]] = {}
"""Risk tags by class name; a tool that is not here is as risky as the policy says."""

for _tag, _names in (
    ("calls_models", _CALLS_MODELS),
    ("runs_code", _RUNS_CODE),
    ("sends_data", _SENDS_DATA),
    ("writes_files", _WRITES_FILES),
    ("reads_files", _READS_FILES),
):
    for _name in _names:
        KNOWN_TAGS[_name] = KNOWN_TAGS.get(_name, frozenset()) | {_tag}


UNJUDGED = frozenset({"runs_code"})
"""What a file under tools/ does as long as the policy says nothing of it: anything that code can do."""


def tags_of(catalogue: Catalogue, tool: str) -> frozenset[str]:
    """Return the risk tags of `tool`: what is known of it, and what the policy adds."""
    if is_unjudged(catalogue, tool):
        return UNJUDGED
    said: frozenset[str] = frozenset(catalogue.policy.tools.get(tool, ()))
    return said | KNOWN_TAGS.get(tool, frozenset())


def is_unjudged(catalogue: Catalogue, tool: str) -> bool:
    """Tell whether `tool` is the project's own code, of which the policy says nothing, not even ``[]``."""
    return tool.startswith("custom:") and tool not in catalogue.policy.tools
