namespace Ayni.Llama;

/// <summary>How Llama 3 and 4 write the call of a tool; Meta's names for it.</summary>
public enum ToolPromptFormat
{
    /// <summary><c>{"type": "function", "name": "f", "parameters": {"a": 1}}</c>.</summary>
    Json,

    /// <summary><c>&lt;function=f&gt;{"a": 1}&lt;/function&gt;</c>.</summary>
    FunctionTag,

    /// <summary><c>[f(a=1)]</c>.</summary>
    PythonList,
}
