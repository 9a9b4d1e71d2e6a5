using System.Collections.Immutable;
using System.Text;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>What a model answered to some questions, and which answers are what they have to be.</summary>
/// <param name="Answers">The answers, in the order of the questions.</param>
public sealed record Evaluation(ImmutableArray<EvaluatedAnswer> Answers)
{
    private const int SequencesTogether = 32;

    /// <summary>How many pass, of all.</summary>
    public EvaluationScore Total => Score("", Answers);

    /// <summary>How many pass of each category, in the order in which the categories first come.</summary>
    public IEnumerable<EvaluationScore> Categories =>
        Answers.GroupBy(answer => answer.Case.Category, StringComparer.Ordinal).Select(group => Score(group.Key, group));

    /// <summary>
    /// Asks a model each question by itself, in its chat format, and takes the likeliest token each time. The questions are computed
    /// together, which changes no answer.
    /// </summary>
    /// <param name="model">The model. A base model without a chat format goes on with a question's text.</param>
    /// <param name="cases">The questions.</param>
    /// <param name="system">Instructions that precede each question without any of its own; null for none.</param>
    /// <param name="maxTokens">The most tokens of an answer; what is longer is cut off.</param>
    /// <param name="progress">Told the share that is answered.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DataException">A question can't be said in the model's chat format, or leaves no room for an answer.</exception>
    public static async Task<Evaluation> RunAsync(
        LlamaModel model, IReadOnlyList<EvaluationCase> cases, string? system, int maxTokens, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cases);
        ImmutableArray<int>[] prompts = [.. cases.Select(item => Prompt(model, item, system))];
        var longest = prompts.Max(prompt => prompt.Length);
        if (longest >= model.TrainedContextLength)
        {
            var line = cases[Array.FindIndex(prompts, prompt => prompt.Length == longest)].Line;
            throw new DataException(
                $"line {line}: the question has {longest} tokens, and the model's context {model.TrainedContextLength}; shorten it.");
        }
        var options = new EngineOptions
        {
            ContextLength = (int)Math.Min(model.TrainedContextLength, (long)longest + maxTokens),
            MaxSequences = SequencesTogether,
            QueueLimit = cases.Count,
        };
        await using var engine = new LlamaEngine(model, options, TimeProvider.System);
        Generation[] generations = [.. prompts.Select(prompt => engine.Submit(Request(model, prompt, maxTokens), cancellationToken))];
        var answers = new List<EvaluatedAnswer>();
        foreach (var (item, generation) in cases.Zip(generations))
        {
            var text = new StringBuilder();
            await foreach (var token in generation.ReadTokensAsync(cancellationToken).ConfigureAwait(false))
                text.Append(token.Text);
            var end = await generation.Completion.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var answer = text.ToString().Trim();
            var hasEnded = end.Reason == FinishReason.Stop;
            answers.Add(new EvaluatedAnswer(item, answer, hasEnded, item.Check.FindFailure(answer, hasEnded)));
            progress?.Report((double)answers.Count / cases.Count);
        }
        return new Evaluation([.. answers]);
    }

    private static GenerationRequest Request(LlamaModel model, ImmutableArray<int> prompt, int maxTokens) => new()
    {
        Prompt = prompt,
        MaxTokens = maxTokens,
        ContinuesText = model.ChatFormat is null,
        Sampling = new SamplingParameters { Temperature = 0 },
        Stop = [.. model.ChatFormat?.StopTexts ?? []],
    };

    private static ImmutableArray<int> Prompt(LlamaModel model, EvaluationCase item, string? system)
    {
        if (model.ChatFormat is null)
        {
            return item.Messages is [{ Role: ChatRole.User, Content: var text }] && system is null
                ? [.. model.EncodePrompt(text)]
                : throw new DataException($"line {item.Line}: the model has no chat format, so it can only go on with a prompt's text.");
        }
        try
        {
            var hasOwn = item.Messages[0].Role == ChatRole.System;
            return [.. model.ChatFormat.Encode(system is null || hasOwn ? item.Messages : [new(ChatRole.System, system), .. item.Messages])];
        }
        catch (ChatFormatException error)
        {
            throw new DataException($"line {item.Line}: {error.Message}.", error);
        }
    }

    private static EvaluationScore Score(string name, IEnumerable<EvaluatedAnswer> answers)
    {
        var (count, passed, ended) = (0, 0, 0);
        foreach (var answer in answers)
        {
            count++;
            passed += answer.Failure is null ? 1 : 0;
            ended += answer.HasEnded ? 1 : 0;
        }
        return new EvaluationScore(name, count, passed, ended);
    }
}

/// <summary>One answer.</summary>
/// <param name="Case">The question.</param>
/// <param name="Answer">The answer, without the spaces around it.</param>
/// <param name="HasEnded">Whether the model ended it, instead of being cut off.</param>
/// <param name="Failure">The check it fails at; null where it passes.</param>
public sealed record EvaluatedAnswer(EvaluationCase Case, string Answer, bool HasEnded, string? Failure);

/// <summary>How many answers pass.</summary>
/// <param name="Category">The category; empty for all together.</param>
/// <param name="Count">Questions.</param>
/// <param name="Passed">Answers that are what they have to be.</param>
/// <param name="Ended">Answers that the model ended itself.</param>
public sealed record EvaluationScore(string Category, int Count, int Passed, int Ended)
{
    /// <summary>The share that passes, from 0 to 1.</summary>
    public double Share => (double)Passed / Count;
}
