using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ayni.Ledger;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary><c>ayni agreement</c>: who shares in what a model earns.</summary>
internal static class AgreementCommands
{
    public static Listing<Agreement> Listing { get; } = new(
        LedgerJson.Default.Agreement,
        new("version", agreement => Cells.Number(agreement.Version), IsNumber: true),
        new("model", agreement => agreement.Model ?? "(every other)"),
        new("shares", agreement => agreement.IsSplit
            ? string.Join(", ", agreement.Shares.Select(Describe)) : string.Join(", ", agreement.Document!.Terms.Shares.Select(share => share.Name))),
        new("document", agreement => agreement.Document is { } document ? Cells.Number(document.Id) : null, IsNumber: true),
        new("without_app", agreement => agreement.WithoutAppPartyId),
        new("effective_from", agreement => Cells.Instant(agreement.EffectiveFrom)));

    private static readonly Listing<AgreementDocument> Documents = new(
        LedgerJson.Default.AgreementDocument,
        new("document", document => Cells.Number(document.Id), IsNumber: true),
        new("agreement", document => document.Name),
        new("version", document => document.Version is { } version ? Cells.Number(version) : null, IsNumber: true),
        new("recorded", document => Cells.Instant(document.Recorded)),
        new("signed_by", document => string.Join(", ", document.Acceptances.Where(one => one.Key is not null).Select(one => one.PartyId))),
        new("accepted_by", document => string.Join(", ", document.Acceptances.Where(one => one.Key is null)
            .Select(one => $"{one.PartyId} ('{one.Evidence}')"))),
        new("not_accepted_by", document => string.Join(", ", document.Missing)));

    private static readonly Listing<EvaluationStep> Steps = new(
        LedgerJson.Default.EvaluationStep,
        new("step", step => step.Kind.Name().Replace('_', ' ')),
        new("by", step => step.Detail),
        new("amount", step => step.Amount.Format(), IsNumber: true),
        new("leaves", step => step.Result.Format(), IsNumber: true));

    public static Command Create() => new("agreement", "Who shares in what each model earns.")
    {
        CreateSet(),
        LedgerCommand.Create(
            "list", "List every version of every agreement.\n\nExample:\n  ayni agreement list --json", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListAgreements());
                return Task.CompletedTask;
            }),
        LedgerCommand.Create(
            "documents",
            "List the documents of agreements and who has accepted them.\n\nExample:\n  ayni agreement documents",
            [],
            (books, _, output, _) =>
            {
                output.Write(Documents, books.ListAgreementDocuments());
                return Task.CompletedTask;
            }),
        CreateShow(),
        CreateAccept(),
        CreateSign(),
        CreateSimulate(),
        CreateStandard(),
    };

    private static Command CreateSet()
    {
        var shares = new Option<string[]>("--share")
        {
            Description = "Once for each who shares: a party's id, a role that one party has, or 'developer' for each request's app.",
            HelpName = "WHO=PERCENT",
        };
        var file = new Option<string?>("--file") { Description = "A document with the terms, YAML or JSON.", HelpName = "FILE" };
        var model = new Option<string?>("--model")
        {
            Description = "The model; every model without an agreement of its own if not given.",
            HelpName = "NAME",
        };
        var from = new Option<string?>("--from") { Description = "From this day or instant on; now if not given.", HelpName = "DAY" };
        var acceptedBy = new Option<string[]>("--accepted-by")
        {
            Description = "Once for each party that has accepted it, by role or id; or 'everyone'. Needs --evidence.",
            HelpName = "WHO",
        };
        var evidence = Evidence();
        return LedgerCommand.CreateFirst(
            "set",
            """
            Agree how what a model earns is shared, by shares or by a document. It is in force when every party named in it has accepted it: by
            its signature ('ayni agreement sign'), or by evidence that you hold, such as a contract, which you record with it.

            Shares add up to 100%. A request that comes from no app has no developer; that share is the host's. A document says the rest: net
            bases, tiers, caps, guarantees, advances, pools, backers; docs/ledger.md has its fields, 'ayni agreement standard' examples.

            Examples:
              ayni agreement set --model bard --share licensor=20% --share host=80% --accepted-by everyone --evidence "contract of 3 December"
              ayni agreement set --model bard --share licensor=20% --share host=50% --share developer=30% --accepted-by host --evidence "my own"
              ayni agreement set --file terms.yaml
            """,
            [shares, file, model, from, acceptedBy, evidence],
            async (books, result, output, cancellationToken) =>
            {
                var given = result.GetValue(shares) ?? [];
                var held = Held(result.GetValue(acceptedBy) ?? [], result.GetValue(evidence));
                if (result.GetValue(file) is not { } path)
                {
                    if (given.Length == 0)
                        throw new UsageException("Give --share for each who shares, or --file.");
                    Write(books, output, await books.SetAgreementAsync(
                        result.GetValue(model), [.. given.Select(ParseShare)], Cells.ParseStart(result.GetValue(from), books.Zone), held,
                        cancellationToken).ConfigureAwait(false));
                    return;
                }
                if (given.Length > 0 || result.GetValue(model) is not null || result.GetValue(from) is not null)
                    throw new UsageException("With --file, the document says model, shares and from when on.");
                Write(books, output, await books.EnterAgreementAsync(
                    path, ReadFile(path), Manifests(path), held, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Option<string?> Evidence() => new("--evidence")
    {
        Description = "How it is known that they have accepted it, such as a contract or a letter's number.",
        HelpName = "TEXT",
    };

    private static HeldAcceptances? Held(string[] acceptedBy, string? evidence) =>
        acceptedBy.Length == 0 && evidence is null ? null
        : acceptedBy.Length == 0 || evidence is null ? throw new UsageException("--accepted-by and --evidence go together.")
        : acceptedBy is ["everyone"] ? HeldAcceptances.OfAll(evidence)
        : new(acceptedBy, evidence);

    /// <summary>Writes a document, and to a person also who has yet to accept it and how.</summary>
    private static void Write(Books books, Output output, AgreementDocument document)
    {
        output.WriteOne(Documents, document);
        if (document.Missing.Count == 0 || output.Format != OutputFormat.Table)
            return;
        var names = books.ListParties().ToDictionary(party => party.Id, party => party.Name, StringComparer.Ordinal);
        var signers = books.ListPartyKeys().Select(key => key.PartyId).ToHashSet(StringComparer.Ordinal);
        Output.WriteText(writer =>
        {
            writer.WriteLine("It is in force when these have accepted it, too:");
            foreach (var party in document.Missing)
            {
                // Who has a key is bound by its signature alone.
                var how = signers.Contains(party)
                    ? string.Create(CultureInfo.InvariantCulture, $"ayni agreement show {document.Id} --document --to-sign, and ayni agreement sign")
                    : string.Create(CultureInfo.InvariantCulture, $"ayni agreement accept {document.Id} --party {party} --evidence TEXT");
                writer.WriteLine($"  {TerminalText.Clean(names[party])}: {how}");
            }
        });
    }

    private static Command CreateShow()
    {
        var which = new Argument<string>("which") { Description = "A version's number, or a file with terms." };
        var document = new Option<bool>("--document") { Description = "The number is a document's, as 'ayni agreement documents' lists it." };
        var text = new Option<bool>("--text") { Description = "Print the canonical text instead." };
        var codes = string.Join(", ", StatementLanguage.All.Select(known => known.Code));
        var language = new Option<string>("--language")
        {
            Description = $"The language: {codes}.",
            HelpName = "CODE",
            DefaultValueFactory = _ => StatementLanguage.English.Code,
        };
        language.AcceptOnlyFromAmong([.. StatementLanguage.All.Select(known => known.Code)]);
        var html = new Option<string?>("--html") { Description = $"Print a web page for printing, in a language: {codes}.", HelpName = "LANGUAGE" };
        html.AcceptOnlyFromAmong([.. StatementLanguage.All.Select(known => known.Code)]);
        var toSign = new Option<bool>("--to-sign") { Description = "Print what parties sign instead, with the signatures that there are." };
        return LedgerCommand.Create(
            "show",
            """
            Say in plain words what an agreement's document says, and which of its clauses are worse for the smaller party than the public
            standard terms.

            Examples:
              ayni agreement show 3
              ayni agreement show terms.yaml --language es
              ayni agreement show 3 --html ar > agreement.html
              ayni agreement show 3 --text > terms.yaml
              ayni agreement show 2 --document --to-sign > agreement.txt
            """,
            [which, document, text, language, html, toSign],
            (books, result, output, _) =>
            {
                if (result.GetValue(toSign))
                {
                    if (!result.GetValue(document) || !long.TryParse(result.GetValue(which), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                        throw new UsageException("--to-sign takes a document's number with --document; 'ayni agreement documents' lists them.");
                    Output.WriteText(writer => writer.Write(System.Text.Encoding.UTF8.GetString(books.AgreementToSign(id))));
                    return Task.CompletedTask;
                }
                var (path, yaml) = Find(books, result.GetValue(which)!, result.GetValue(document));
                if (result.GetValue(text))
                    Output.WriteText(writer => writer.Write(yaml));
                else if (result.GetValue(html) is { } page)
                    Output.WriteText(writer => writer.Write(books.Describe(path, yaml, StatementLanguage.Find(page), Manifests(path)).ToHtml()));
                else
                    Write(books.Describe(path, yaml, StatementLanguage.Find(result.GetValue(language)!), Manifests(path)), output);
                return Task.CompletedTask;
            });
    }

    private static Command CreateAccept()
    {
        var document = new Argument<long?>("document") { Description = "The document's number.", Arity = ArgumentArity.ZeroOrOne };
        var party = new Option<string?>("--party") { Description = "The party that accepts it, by the host's word: its role or id.", HelpName = "WHO" };
        var evidence = Evidence();
        var signed = new Option<string?>("--signed") { Description = "The document that 'ayni agreement sign' printed.", HelpName = "FILE" };
        return LedgerCommand.Create(
            "accept",
            """
            Record that parties have accepted an agreement: by their signatures, or, of a party without a key, by the host's word and the evidence it
            holds, which is weaker. It is in force when the last party has, and never before.

            Examples:
              ayni agreement accept --signed signed.txt
              ayni agreement accept 2 --party licensor --evidence "letter of 3 December"
            """,
            [document, party, evidence, signed],
            async (books, result, output, cancellationToken) =>
            {
                var (id, partyId, file) = (result.GetValue(document), result.GetValue(party), result.GetValue(signed));
                var known = result.GetValue(evidence);
                if (file is null ? id is null || partyId is null || known is null : (id, partyId, known) is not (null, null, null))
                    throw new UsageException("Give a document's number, --party and --evidence, or --signed alone.");
                Write(books, output, file is not null
                    ? await books.SignAgreementAsync(File.ReadAllBytes(file), cancellationToken).ConfigureAwait(false)
                    : await books.AcceptAgreementAsync(id!.Value, partyId!, known!, cancellationToken).ConfigureAwait(false));
            });
    }

    private static Command CreateSign()
    {
        var file = new Argument<string>("file") { Description = "The document, as 'ayni agreement show NUMBER --document --to-sign' prints it." };
        var key = PartyKeyCommands.KeyFile();
        var party = new Option<string>("--party") { Description = "The party that signs.", HelpName = "ID", Required = true };
        var command = new Command(
            "sign",
            """
            Sign an agreement's document with a party's key, on the party's own machine and without a ledger. Says on standard error what is signed, in
            plain English, and prints the document with all signatures; the next party signs that, and the host records it.

            Example:
              ayni agreement sign agreement.txt --key party.key --party pty_7m3kq0x9t2va > signed.txt
            """)
        {
            file, key, party,
        };
        command.SetAction(result =>
        {
            var document = File.ReadAllBytes(result.GetValue(file)!);
            var signed = PartySigner.Sign(document, result.GetValue(party)!, SigningKey.Read(result.GetValue(key)!));
            foreach (var sentence in PartySigner.Describe(document))
                Console.Error.WriteLine(TerminalText.Clean(sentence));
            Output.WriteText(writer => writer.Write(System.Text.Encoding.UTF8.GetString(signed)));
        });
        return command;
    }

    private static Command CreateSimulate()
    {
        var file = new Argument<string>("file") { Description = "A document with the terms, or an agreement's version." };
        var period = PeriodOption.Create("The month.");
        period.Required = true;
        return LedgerCommand.Create(
            "simulate",
            """
            Show what a month comes to under other terms, step by step. Nothing is posted.

            Example:
              ayni agreement simulate terms.yaml --period 2026-11
            """,
            [file, period],
            (books, result, output, _) =>
            {
                var (path, yaml) = Find(books, result.GetValue(file)!, isDocument: false);
                Write(books.Simulate(Period.Parse(result.GetValue(period)!), path, yaml, Manifests(path)), output);
                return Task.CompletedTask;
            });
    }

    private static Command CreateStandard()
    {
        var name = new Argument<string?>("name") { Description = "Which; a list of them if not given.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(
            "standard",
            """
            Print public standard terms that come with Ayni, to begin with.

            Examples:
              ayni agreement standard
              ayni agreement standard host-pays-owner > terms.yaml
            """)
        {
            name,
        };
        command.SetAction(result =>
        {
            var wanted = result.GetValue(name);
            if (wanted is null)
            {
                Output.WriteText(writer =>
                {
                    foreach (var standard in StandardTerms.All)
                        writer.WriteLine($"{standard.Name}\n  {standard.Text[2..standard.Text.IndexOf('\n', StringComparison.Ordinal)]}");
                });
                return;
            }
            var found = StandardTerms.All.FirstOrDefault(standard => standard.Name == wanted) ?? throw new UsageException(
                $"There are no standard terms '{wanted}'; there are {string.Join(", ", StandardTerms.All.Select(standard => standard.Name))}.");
            Output.WriteText(writer => writer.Write(found.Text));
        });
        return command;
    }

    private static (string Path, string Text) Find(Books books, string which, bool isDocument)
    {
        if (!long.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return (which, ReadFile(which));
        var document = books.ListAgreementDocuments().FirstOrDefault(document => isDocument ? document.Id == number : document.Version == number)
            ?? throw new UsageException(isDocument
                ? $"There is no document {number}; 'ayni agreement documents' lists them."
                : $"No document is version {number}; 'ayni agreement list' shows what is shared by shares alone.");
        return ($"agreement '{document.Name}'", document.Text);
    }

    private static void Write(AgreementDescription description, Output output)
    {
        if (output.Format == OutputFormat.Json)
        {
            Output.WriteJson(writer => JsonSerializer.Serialize(writer, description, LedgerJson.Default.AgreementDescription));
            return;
        }
        Output.WriteText(writer => writer.Write(description.ToText()));
    }

    private static void Write(IReadOnlyList<AgreementResult> results, Output output)
    {
        if (output.Format != OutputFormat.Table)
        {
            output.Write(
                new Listing<AgreementResult>(
                    LedgerJson.Default.AgreementResult,
                    new("agreement", result => result.Name),
                    new("collector", result => result.CollectorId),
                    new("currency", result => result.Rest.Currency.Code),
                    new("distributable", result => result.Distributable.Format(), IsNumber: true),
                    new("rest", result => result.Rest.Format(), IsNumber: true)),
                results);
            return;
        }
        foreach (var result in results)
        {
            foreach (var share in result.Shares)
            {
                Title($"{result.Name}, {share.Key.Share}{(share.Key.DeveloperId.Length > 0 ? $" of {share.Key.DeveloperId}" : "")}: {share.Amount}");
                Steps.WriteTable(share.Steps, Terminal.Console);
                foreach (var part in share.Parts.Where(_ => share.Parts.Length > 1))
                    Title($"  {part.PartyId} ({part.Detail}): {part.Amount}");
            }
            Title($"{result.Name}, {result.CollectorId} keeps {result.Rest}");
            Steps.WriteTable(result.CollectorSteps, Terminal.Console);
        }

        static void Title(string text) => Terminal.Console.Write(new Text(text + "\n"));
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' can't be read ({error.Message}).");
        }
    }

    /// <summary>Manifests are named relative to the document that names them.</summary>
    private static Func<string, byte[]> Manifests(string path) =>
        name => File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".", name));

    private static Share ParseShare(string text)
    {
        if (text.Split('=') is not [var who, var percent])
            throw new UsageException($"'{text}' is no share; write who and percent, such as licensor=20%.");
        var parts = Cells.ParsePercent(percent);
        return RoleNames.TryParse(who, out var role) ? Share.Of(role, parts) : Share.Of(who, parts);
    }

    private static string Describe(Share share) =>
        (share.PartyId is null ? $"the app's {share.Role?.Name()}" : $"{share.Role?.Name()} {share.PartyId}")
        + $" {Cells.Percent(share.PartsPerMillion)}";
}
