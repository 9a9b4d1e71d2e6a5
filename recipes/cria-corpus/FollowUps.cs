namespace Ayni.CriaCorpus;

/// <summary>Questions of which the second can only be understood by the first.</summary>
public static class FollowUps
{
    private static readonly IReadOnlyList<string> Word = Texts.Section("follow-ups", "word");

    private static readonly IReadOnlyList<string> Language = Texts.Section("follow-ups", "language");

    private static readonly IReadOnlyList<string> Next = Texts.Section("follow-ups", "next");

    private static readonly IReadOnlyList<string> Story = Texts.Section("follow-ups", "story");

    private static readonly IReadOnlyList<string> Well = Texts.Section("follow-ups", "well");

    /// <summary>Two questions, one after the other.</summary>
    public static IReadOnlyList<Exchange> Ask(Chance chance) => chance.Below(6) switch
    {
        0 => World.AskOppositesOf(word => Grammar.Expand(chance.Pick(Word), chance, ("w", word)), chance),
        1 => World.AskColoursOf(thing => Grammar.Expand(chance.Pick(Word), chance, ("w", thing)), chance),
        2 => World.AskWordsOf(word => Grammar.Expand(chance.Pick(Word), chance, ("w", word)), chance),
        3 => World.AskInBothLanguages(language => Grammar.Expand(chance.Pick(Language), chance, ("l", language)), chance),
        4 => chance.Percent(50)
            ? World.AskWhatFollows(() => Grammar.Expand(chance.Pick(Next), chance), chance)
            : [
                new Exchange("greetings", "How are you?", "I am well, thank you. How are you?"),
                new Exchange("greetings", Grammar.Expand(chance.Pick(Well), chance), "I am happy to hear that."),
            ],
        _ => [Stories.Ask(chance), Stories.AskFor(theme => Grammar.Expand(chance.Pick(Story), chance, ("t", theme)), chance)],
    };
}
