namespace Ayni.CriaCorpus;

/// <summary>Short stories on a theme.</summary>
public static class Stories
{
    private static readonly string[] Requests =
    [
        "tell me a [story|short story|tale|little story] about {t}[.|]", "[write|invent|make up|compose] a [story|short story|tale|little story] [about|on] {t}[.|]",
        "a [story|tale] about {t}[, please|.|]", "[can|could|would] you tell [me|us] [a story|something] about {t}?", "[I want|i'd like|I would like] [to hear |]a story about {t}[.|]",
        "give me a story [about|with] {t}[.|]", "story [about|on|with] {t}", "[do you know|have you got|is there] a story about {t}?", "tell [me|us] about {t} in a story[.|]",
        "a bedtime story about {t}[.|]", "[my daughter|my son|the children|we] [wants|want] a story about {t}[.|]", "let us hear a tale of {t}", "once upon a time there was {t}...",
        "please [write|tell] a few sentences about {t}", "narrate something about {t}", "story time: {t}", "can you make a story where there is {t}?", "tell a story: {t}",
        "I'd love a story about {t}", "make me a story of {t}", "something about {t}, as a story", "sing me the tale of {t}",
    ];

    private static readonly string[] NamedRequests =
    [
        "tell me a story about [a llama|a young llama|a girl|a boy|a herder|somebody] [called|named] {n}[.|]", "a story about {n}[, please|.|]", "[write|make up] a [story|tale] about {n}[.|]",
        "tell me about {n} and {t} in a story", "a story with {n} in it", "can you tell a story about {n} and {t}?", "[write|tell me] a story about {n} and {t}[.|]",
        "I want a story about {n}", "story about {n} and {t}",
    ];

    private static readonly string[] PlainRequests =
    [
        "tell me a [story|tale|short story][.|]", "[a|another|one more] story[, please|!|.|]", "[can|could] you tell [me|us] a story?", "[I want|i'd like] a story[.|]", "tell a story",
        "[write|make up|invent] a [story|short story|tale][.|]", "story time[!|]", "do you know a story?", "entertain me[.|]", "I am bored, tell me [something|a story][.|]",
    ];

    private static readonly string[] Names =
    [
        "Luna", "Ana", "Pedro", "Rosa", "Inti", "Sami", "Killa", "Tika", "Urpi", "Wayra", "Mateo", "Lucia", "Nina", "Tomas", "Illa", "Chaska", "Maria", "Diego",
        "Amaru", "Quilla", "Omar", "Layla", "Salma", "Yusuf", "Nadia", "Karim", "Elena", "Bruno", "Carla", "Hugo", "Ines", "Pablo", "Paco", "Lola", "Kusi", "Suri",
    ];

    private static readonly string[] Themes =
    [
        "llamas;a llama", "a llama;a llama", "the Andes;a path in the Andes", "a caravan;a caravan", "caravans;a caravan", "the market;a market", "a market;a market", "markets;a market",
        "sharing;a bag to share", "sharing bread;bread to share", "friendship;a friend", "a mountain;a mountain", "the mountains;a mountain", "a lake;a lake", "Lake Titicaca;Lake Titicaca", "snow;snow",
        "the rain;the rain", "a storm;a storm", "a bridge;a bridge", "a condor;a condor", "a fox;a fox", "a star;a star", "the stars;the stars", "the moon;the moon",
        "the sun;the sun", "wool;wool", "a poncho;a poncho", "weaving;a loom", "a weaver;a weaver", "potatoes;potatoes", "maize;maize", "bread;bread", "salt;salt",
        "a bell;a bell", "a flute;a flute", "music;music", "a song;a song", "the harvest;the harvest", "a river;a river", "a village;a village", "a shepherd;a shepherd",
        "a grandmother;a grandmother", "a lost lamb;a lost lamb", "a baby llama;a baby llama", "a long road;a long road", "a cold night;a cold night", "a festival;a festival",
        "ayni;the rule of ayni", "helping;a hand that helps", "a gift;a gift", "a blanket;a blanket", "a stone;a stone", "a well;a well", "a trader;a trader", "traders;a trader", "a cat;a cat", "a dog;a dog",
        "a bird;a bird", "a door;a door", "a king;a king", "a brave llama;a brave llama", "a lazy llama;a lazy llama", "a hungry llama;a hungry llama", "a lonely llama;a lonely llama", "a valley;a valley", "a donkey;a donkey",
        "flowers;a flower", "a tree;a tree", "a sheep;a sheep", "a teacher;a teacher", "a school;a school", "winter;winter", "a promise;a promise", "kindness;a kind word", "courage;courage", "a market day;a market",
    ];

    // {n} who it is about, {m} a friend, {t} the theme, {s} the thing seen or met, {g} a good, {p} a place.
    private static readonly string[] Plots =
    [
        "This is a story about {t}. {n} was a young llama who carried {g} [to the market|over the pass|through the valley]. One [morning|day|evening] {n} [came to|found|saw] {s} [by the road|near the river|on the way]. \"[Can you help me|Will you walk with me]?\" asked {m}, [a small llama|an old llama|a herder's child]. {n} helped, and they [walked on together|shared the {g}]. The next year {m} helped {n}.",
        "Once upon a time there was a story of {t} in the Andes. {n} had [too much|a full bag of] {g}, and {m} had none. {n} gave half of it away. When the [snow|rain|cold] came, {m} opened the door and said: \"Today for you, tomorrow for me.\" So nobody was [hungry|cold|alone].",
        "{n} [loved|often dreamed of] {t}. [Every day|Every morning] {n} [looked for|sang about] {s} while the llamas ate grass. One night the wind was strong, and {m} was lost. {n} rang a bell until {m} came home. They sat by the fire and shared {g}.",
        "A caravan left {p} at dawn, with {g} for the market. {n} walked first and told a tale of {t}. At noon they [came to|found|saw] {s}, and {m} was afraid. \"[Walk beside me|Hold on to me|Stay close],\" said {n}. They went on together, and in the evening the bells rang.",
        "In {p} people still speak of {t}. {n} went to the market with {g} and came home with [a song|a smile|new friends]. On the way {n} saw {s}. {m} was tired, so {n} carried the bags. \"Thank you,\" said {m}. \"Tomorrow I carry yours.\"",
        "{m} and {n} were friends in {p}. They both wanted to know about {t}. So they took some {g} and walked until they found {s}. It was [beautiful|bigger than they thought|far away, but worth it]. They shared the {g} and [slept under the stars|walked home singing].",
    ];

    private static readonly string[] Kinds = ["a llama", "a young llama", "two friends", "a girl", "a boy", "a herder", "a trader", "a caravan", "an old woman", "three llamas", "a family", "llamas"];

    private static readonly string[] Deeds =
    [
        "crossing a river", "on a bridge", "who lost the way", "going to market", "who helped a stranger", "in the snow", "sharing food", "on the way home", "in a storm", "and a fox",
        "climbing a mountain", "who learned to share", "looking for water", "carrying salt", "selling wool", "by the lake", "under the stars", "who found a bell", "that could not sleep", "who was afraid",
    ];

    private static readonly string[] Adjectives = ["proud", "clever", "white", "shy", "tired", "happy", "old", "tiny", "curious", "kind", "stubborn", "sleepy", "generous", "greedy", "singing"];

    private static readonly string[] Goods = ["wool", "maize", "potatoes", "salt", "bread", "cheese", "honey", "blankets", "beans", "apples"];
    private static readonly string[] Places = ["Cusco", "the valley", "a small village", "the high plain", "the village by the lake", "the mountains", "Puno"];

    /// <summary>A wish for a story, and the story.</summary>
    public static Exchange Ask(Chance chance)
    {
        var theme = Theme(chance);
        var kind = chance.Below(10);
        if (kind == 0)
            return new Exchange("stories", Grammar.Expand(chance.Pick(PlainRequests), chance), Tell(theme, Name(chance), chance));
        if (kind < 4)
        {
            var name = chance.Percent(40) ? Texts.Capital(Unknown.Word(chance)) : Name(chance);
            var request = chance.Pick(NamedRequests);
            var asked = Grammar.Expand(request, chance, ("n", name), ("t", theme[..theme.IndexOf(';', StringComparison.Ordinal)]));
            return new Exchange("stories", asked, Tell(request.Contains("{t}", StringComparison.Ordinal) ? theme : "a llama;a llama", name, chance));
        }
        var text = Grammar.Expand(chance.Pick(Requests), chance, ("t", theme[..theme.IndexOf(';', StringComparison.Ordinal)]));
        return new Exchange("stories", text, Tell(theme, Name(chance), chance));
    }

    /// <summary>A story.</summary>
    public static string Tell(Chance chance) => Tell(chance.Pick(Themes), Name(chance), chance);

    /// <summary>A theme and the thing that stands for it, between them a <c>;</c>; some of them nobody thought of.</summary>
    private static string Theme(Chance chance)
    {
        var theme = chance.Pick(Themes);
        var end = theme.IndexOf(';', StringComparison.Ordinal);
        return chance.Below(20) switch
        {
            < 2 => $"{theme[..end]} and {chance.Pick(Themes)}",
            2 => $"{theme[..end]} in {chance.Pick(Places)}{theme[end..]}",
            3 or 4 => $"{chance.Pick(Kinds)} {chance.Pick(Deeds)};{theme[(end + 1)..]}",
            5 => Unknown.Word(chance) is var word ? $"a {word};the {word}" : "",
            6 => chance.Pick(Adjectives) is var adjective ? $"a {adjective} llama;a {adjective} llama" : "",
            _ => theme,
        };
    }

    private static string Name(Chance chance) => chance.Pick(Names);

    private static string Tell(string theme, string name, Chance chance)
    {
        var parts = theme.Split(';');
        string friend;
        do
            friend = chance.Pick(Names);
        while (friend == name);
        return Texts.Capital(Grammar.Expand(
            chance.Pick(Plots), chance, ("n", name), ("m", friend), ("t", parts[0]), ("s", parts[1]), ("g", chance.Pick(Goods)), ("p", chance.Pick(Places))));
    }
}
