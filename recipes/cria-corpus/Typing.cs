namespace Ayni.CriaCorpus;

/// <summary>How people type: small letters, no full stop, a slip, a word of courtesy before or after.</summary>
internal static class Typing
{
    private static readonly string[] Openings =
    [
        "please, ", "hey, ", "hi, ", "hello, ", "hi cria, ", "hey cria, ", "cria, ", "ok, ", "so, ", "well, ", "quick question: ",
        "excuse me, ",
        "sorry, ", "now ", "and ", "a question: ", "good morning, ", "pls ", "um, ", "dear cria, ", "tell me, ", "tell me: ",
        "could you tell me, ",
        "i wonder, ", "i'd like to know: ", "do you know, ", "one more thing: ", "say, ", "just curious: ", "for my notes: ", "friend, ",
        "look, ",
        "i have a question. ", "hm. ", "remind me, ", "can you tell me ", "do you know ", "another one: ", "next: ", "then ",
    ];

    // What else people say before they ask.
    private static readonly string[] Circumstances =
    [
        "my {h} wants to know: ", "my {h} asks: ", "I was talking to my {h} and wondered: ", "{N} here. ", "for school: ", "I sit {w}. ",
        "today I {b} a {o}. ", "before I {v} the {o}: ", "I have a {o} here. ", "we are {w}; ", "you are the expert: ",
        "I forget everything. ",
        "help me out: ", "{N} and I wonder, ", "this is for my {h}. ", "I am {g} {s}, so tell me: ", "while {g} a {o} I thought: ",
        "it's late, but ", "I can't remember: ", "in a quiz they ask: ", "test question: ", "question from {N}: ", "listen, ",
        "be honest: ", "quickly: ", "in short: ",
        "I am writing a book. ", "my {h} says you know this: ", "I bet you know: ", "seriously, ", "let me ask you something: ",
        "first question: ", "second question: ", "last one: ", "again: ", "a small thing: ", "I'm curious, ", "actually, ",
        "maybe you know: ", "oh, ", "alright, ", "yes, but ", "no, ", "thanks. ",
        "the other day {N} asked me: ", "I've got {s} and no idea: ", "to win a {o}: ",
    ];

    private static readonly string[] Additions =
    [
        ", asks my {h}", ", said {N}", " for me", " for my {h}", " again", ", dear", ", friend", " in one sentence", ", in short",
        " for school", ", quickly", ", I forgot", ", I wonder", " today", ", honestly", ", really", ", tell me", ", can you help me",
        ", do you think", ", if I may ask",
        ", or not", ", you know", " - it's for {N}", " - {N}", ", asked {w}", ", and why", ", right", ", small one",
        ", I need it for a {o}", ", exactly", " actually", " then", ", just briefly",
    ];

    private static readonly string[] Endings =
    [
        " please", ", please", " please?", " thanks", ", thanks!", ", thank you", ", cria?", " cria", " ?", "!", "??", "...", " pls",
        ", little llama?",
        ", my friend?", " if you know", ", do you know?", " :)", ", any idea?", " - thanks", ", can you say?",
    ];

    /// <summary>A question as somebody types it.</summary>
    /// <param name="question">The question.</param>
    /// <param name="chance">What chooses.</param>
    public static string Type(string question, Chance chance)
    {
        // Spaniards and Arabs type what they ask for and no more.
        var isEnglish = question.All(letter => letter < '\u0600' && letter is not ('¿' or '¡'));
        if (isEnglish && chance.Percent(10))
            question = Fill(chance.Pick(Circumstances), chance) + LowerFirst(question);
        else if (isEnglish && chance.Percent(7))
            question = question.TrimEnd('?', '.', '!') + Fill(chance.Pick(Additions), chance) + chance.Pick<string>(["?", "", ".", "!"]);
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

    private static string Fill(string phrase, Chance chance)
    {
        var (toDo, done, doing) = Everyday.Deed(chance);
        return Grammar.Expand(
            phrase, chance, ("h", Everyday.Person(chance)), ("N", Everyday.Name(chance)), ("w", Everyday.Place(chance)),
            ("v", toDo), ("b", done), ("g", doing), ("o", Everyday.Thing(chance)), ("s", Everyday.SomeThings(chance)));
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
