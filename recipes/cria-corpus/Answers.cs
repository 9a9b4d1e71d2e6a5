namespace Ayni.CriaCorpus;

/// <summary>Questions with fixed answers, from a text of blocks: <c>a</c> the answer, then the ways to ask for it.</summary>
/// <remarks>
/// A <c>q</c> line is a phrase; a <c>do</c> line has what somebody wants to do, and an <c>is</c> line what somebody asks about, both between
/// bars, to be put into the frames below.
/// </remarks>
public sealed class Answers
{
    private static readonly string[] DoFrames =
    [
        "how [do|can|could|would|should|may] [I|i|we|you] {x}?", "how to {x}[?|]", "[what|which] is the command [to|that lets me|for me to] {x}?",
        "what [do I type|should I type|do I run|command do I use|must I write|do I enter|should I do|do I do] to {x}?",
        "[I|i] [want|need|would like|'d like|wish] to {x}[.|, how?|. How do I do it?|, what do I do?|, please help]",
        "[please |can you |could you |will you |]tell me how to {x}[.|?]", "show me how to {x}[.|]", "help me {x}[.|]", "explain how to {x}[.|]",
        "[the |]command to {x}[?|]", "{x}[ with ayni| in ayni| using ayni|][?|]", "what's the [way|best way|right command|trick] to {x}?",
        "is there a [way|command] to {x}?", "[can|could] [ayni|I|you] {x}?", "{x}, how?", "how does one {x}[ in ayni| with ayni|]?",
        "[I am |i'm |]trying to {x}[.|, any hints?|]", "give me the command to {x}[.|]", "i forgot how to {x}", "what if I want to {x}?",
        "[I|we] [have|must] to {x}[.|: what now?]", "let me {x}", "teach me to {x}", "which command [should I run|do I need|is used|would I use] to {x}?",
        "where do I {x}?", "steps to {x}", "does ayni let me {x}?", "my boss wants me to {x}", "what must be done to {x}?",
        "how might [someone|a user|one] {x}?", "the way to {x}", "i can't figure out how to {x}", "and if I had to {x}?", "how {x}",
        "what would I [run|type] to {x}?", "[can|could] you show me the command to {x}?", "what's needed to {x}?", "I need a command that [will|can] {x}[.|]",
        "which ayni command [can|will|would] {x}?", "what's the command line to {x}?", "any way to {x}?", "how would you {x}?", "looking for a way to {x}",
        "[what|which] option lets me {x}?", "with which command can I {x}?", "is it possible to {x}?", "I don't know how to {x}[.|]",
        "what is the [simplest|easiest|quickest] way to {x}?", "what's the procedure to {x}?", "suppose I want to {x}[.|. What do I type?]", "want to {x}", "need to {x}",
        "could I {x} with ayni?", "how do people {x}?", "tell me the command for this: {x}", "goal: {x}", "my task is to {x}[.|. How?]", "what should someone type who wants to {x}?",
        "could you help me to {x}?", "how about if I want to {x}?", "which of ayni's commands is there to {x}?", "I'd love to {x}[.|, but how?]", "what does it take to {x}?",
    ];

    private static readonly string[] IsFrames =
    [
        "what [is|are] {x}?", "what's {x}?", "what does {x} [mean|do|say]?", "explain {x}[.|, please| to me|]", "tell me [about|more about|something about] {x}[.|]",
        "[can|could] you [explain|describe|tell me about] {x}?", "define {x}[.|]", "{x}[?|]", "describe {x}[.|]", "what do you know about {x}?",
        "I [don't|do not] understand {x}[.|]", "what is the [meaning|purpose|point|use] of {x}?", "what is meant by {x}?", "{x}, what is [that|it]?",
        "what is {x} [for|good for|about]?", "how does {x} work?", "say what {x} is", "[I've|i have] read about {x}: what is it?", "{x} explained",
        "{x} in [a sentence|short|a few words][.|]", "why is there {x}?", "[I|i] keep hearing about {x}[.|]", "give me a definition of {x}",
        "what should I know about {x}?", "when do I use {x}?", "why would I use {x}?", "meaning of {x}", "what exactly [is|are] {x}?",
        "what do you mean by {x}?", "could someone explain {x}?", "what kind of thing is {x}?", "so what is {x}?", "what's {x} all about?", "I'd like to understand {x}[.|]",
        "why should I care about {x}?", "is {x} something I need?", "what is {x} in ayni?", "how would you define {x}?", "teach me about {x}", "give an explanation of {x}",
        "information [on|about] {x}", "[info|help] [about|with|on] {x}", "what can you [say|tell me] about {x}?", "{x}: what does it mean?", "what role does {x} play?",
        "what happens with {x}?", "[I|i] need to know about {x}[.|]", "who needs {x}?", "the idea of {x}", "what's behind {x}?", "what would you use {x} for?",
    ];

    private readonly List<(string Answer, List<(string[] Frames, string[] Parts)> Ways)> _answers = [];
    private readonly string _category;

    /// <summary>Reads a text.</summary>
    /// <param name="category">What kind of questions it has.</param>
    /// <param name="name">The text's name.</param>
    /// <param name="more">A text with more ways to ask for the same answers, of which it has the beginnings; null for none.</param>
    public Answers(string category, string name, string? more = null)
    {
        _category = category;
        foreach (var line in Texts.Lines(name))
            Read(name, line, answer => _answers.Add((answer, [])), () => _answers[^1]);
        var asked = -1;
        foreach (var line in more is null ? [] : Texts.Lines(more))
        {
            Read(more!, line, beginning =>
            {
                asked = _answers.FindIndex(answer => answer.Answer.StartsWith(beginning, StringComparison.Ordinal));
                if (asked < 0)
                    throw new FormatException($"{more}: no answer begins with '{beginning}'.");
            }, () => _answers[asked]);
        }

        static void Read(string name, string line, Action<string> answer, Func<(string Answer, List<(string[] Frames, string[] Parts)> Ways)> current)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (kind, rest) = (line[..space], line[(space + 1)..]);
            if (kind == "a")
                answer(rest);
            else
                current().Ways.Add(kind switch
                {
                    "do" => (DoFrames, rest.Split('|')),
                    "is" => (IsFrames, rest.Split('|')),
                    "q" => ([rest], [""]),
                    _ => throw new FormatException($"{name}: '{line}' starts with neither a, do, is nor q."),
                });
        }
    }

    /// <summary>Answers.</summary>
    public int Count => _answers.Count;

    /// <summary>A question to one of the answers.</summary>
    /// <param name="number">Which answer.</param>
    /// <param name="chance">What chooses.</param>
    public Exchange Ask(int number, Chance chance)
    {
        var (answer, ways) = _answers[number % _answers.Count];
        var (frames, parts) = chance.Pick(ways);
        return new Exchange(_category, Grammar.Expand(chance.Pick(frames), chance, ("x", chance.Pick(parts))), answer);
    }
}
