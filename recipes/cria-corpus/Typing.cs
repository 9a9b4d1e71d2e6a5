namespace Ayni.CriaCorpus;

/// <summary>How people type: small letters, no full stop, a slip, a word of courtesy before or after.</summary>
internal static class Typing
{
    private static readonly string[] Openings =
    [
        "please, ", "hey, ", "hi, ", "hello, ", "hi cria, ", "hey cria, ", "cria, ", "ok, ", "so, ", "well, ", "quick question: ", "excuse me, ",
        "sorry, ", "now ", "and ", "a question: ", "good morning, ", "pls ", "um, ", "dear cria, ", "tell me, ", "tell me: ", "could you tell me, ",
        "i wonder, ", "i'd like to know: ", "do you know, ", "one more thing: ", "say, ", "just curious: ", "for my notes: ", "friend, ", "look, ",
        "i have a question. ", "hm. ", "remind me, ", "can you tell me ", "do you know ", "another one: ", "next: ", "then ",
    ];

    private static readonly string[] Endings =
    [
        " please", ", please", " please?", " thanks", ", thanks!", ", thank you", ", cria?", " cria", " ?", "!", "??", "...", " pls", ", little llama?",
        ", my friend?", " if you know", ", do you know?", " :)", ", any idea?", " - thanks", ", can you say?",
    ];

    /// <summary>A question as somebody types it.</summary>
    /// <param name="question">The question.</param>
    /// <param name="chance">What chooses.</param>
    public static string Type(string question, Chance chance)
    {
        if (chance.Percent(14))
            question = chance.Pick(Openings) + LowerFirst(question);
        if (chance.Percent(10))
            question = question.TrimEnd('?', '.', '!') + chance.Pick(Endings);
        if (chance.Percent(12))
            question = Slip(question, chance);
        if (chance.Percent(25))
            question = question.TrimEnd('?', '.', '!', ' ');
        if (chance.Percent(30))
            question = question.ToLowerInvariant();
        else if (chance.Percent(3))
            question = question.ToUpperInvariant();
        else if (chance.Percent(70))
            question = Texts.Capital(question);
        if (chance.Percent(4))
            question = question.Replace("'", "", StringComparison.Ordinal);
        return question;
    }

    private static string LowerFirst(string text) =>
        text.Length > 1 && char.IsLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    /// <summary>One letter doubled, left out or in another's place.</summary>
    private static string Slip(string text, Chance chance)
    {
        if (text.Length < 8)
            return text;
        var at = 1 + chance.Below(text.Length - 3);
        if (!char.IsAsciiLetterLower(text[at]) || !char.IsAsciiLetterLower(text[at + 1]) || !char.IsAsciiLetterLower(text[at - 1]))
            return text;
        return chance.Below(3) switch
        {
            0 => text[..at] + text[at] + text[at..],
            1 => text[..at] + text[(at + 1)..],
            _ => text[..at] + text[at + 1] + text[at] + text[(at + 2)..],
        };
    }
}
