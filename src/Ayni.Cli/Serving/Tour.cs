using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ayni.Host;
using Ayni.Ledger;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary>The tour's story, step by step. Only ids differ from one telling to the next.</summary>
internal sealed class Tour
{
    /// <summary>Late in a month, so that its end is near.</summary>
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 9, 0, 0, TimeSpan.Zero);

    private readonly TourClock _clock = new(Start);
    private readonly IAnsiConsole _console;
    private readonly List<Receipt> _receipts = [];
    private int _step;

    private Tour(IAnsiConsole console) => _console = console;

    /// <summary>Prices far above real ones, so that two short answers make sums that can be seen.</summary>
    public static StartingTerms Terms { get; } = new()
    {
        InputPerMillion = Amount.Parse("2500", Currency.Parse("USD")),
        OutputPerMillion = Amount.Parse("10000", Currency.Parse("USD")),
    };

    public static Task<TourOutcome> RunAsync(HostOptions options, IAnsiConsole console, CancellationToken cancellationToken) =>
        new Tour(console).RunAsync(options, cancellationToken);

    private async Task<TourOutcome> RunAsync(HostOptions options, CancellationToken cancellationToken)
    {
        var customers = await EnterCustomersAsync(options, cancellationToken).ConfigureAwait(false);
        await using var host = await AyniHost.StartAsync(options, _clock, cancellationToken).ConfigureAwait(false);
        var ready = await host.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        ShowHost(host, ready);
        await AgreeAsync(host.Books, ready.Model, options.DataDirectory, cancellationToken).ConfigureAwait(false);
        foreach (var customer in customers)
        {
            await AskAsync(customer, host, ready.Model, cancellationToken).ConfigureAwait(false);
            _clock.Advance(TimeSpan.FromHours(1));
        }
        ShowReceipts(customers);
        return await CloseAsync(host.Books, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters who asks, before the host starts: it would otherwise issue a first key itself.</summary>
    private async Task<TourCustomer[]> EnterCustomersAsync(HostOptions options, CancellationToken cancellationToken)
    {
        Heading("Two customers and an app");
        await using var books = Books.Open(options.LedgerPlace, _clock, folder: options.DataDirectory);
        var currency = Terms.InputPerMillion.Currency;
        var killa = await books.CreateCustomerAsync("Killa", currency, cancellationToken: cancellationToken).ConfigureAwait(false);
        var inti = await books.CreateCustomerAsync("Inti", currency, cancellationToken: cancellationToken).ConfigureAwait(false);
        var developer = await books.CreatePartyAsync("Sumaq Apps", Role.Developer, cancellationToken).ConfigureAwait(false);
        var app = await books.CreateAppAsync("Bedtime Stories", developer.Id, cancellationToken).ConfigureAwait(false);
        var own = await books.IssueKeyAsync(killa.Id, "own", cancellationToken: cancellationToken).ConfigureAwait(false);
        var ofApp = await books.IssueKeyAsync(inti.Id, "in the app", app.Id, cancellationToken).ConfigureAwait(false);
        Say($"Killa asks with a key of her own, {own.Key.Id}.");
        Say($"Inti asks in the app \"{app.Name}\" of {developer.Name}; his key {ofApp.Key.Id} belongs to it,");
        Say($"so {developer.Name} earns a share.");
        return [new(killa.Name, own.Text, "What is a receipt?"), new(inti.Name, ofApp.Text, "Tell me a story.")];
    }

    private void ShowHost(AyniHost host, HostReady ready)
    {
        Heading("A host");
        Say($"{ready.Model} is served at {host.Address} to any OpenAI client, and what it earns is recorded.");
        Say("The price, in dollars for a million tokens (high, so that two answers can be seen in the sums):");
        PriceCommands.Listing.WriteTable(host.Books.ListPrices(), _console);
    }

    /// <summary>The model's owner and the host agree: the one signs, the other's word is recorded.</summary>
    private async Task AgreeAsync(Books books, string model, string folder, CancellationToken cancellationToken)
    {
        Heading("An agreement");
        var parties = books.ListParties().ToDictionary(party => party.Id, StringComparer.Ordinal);
        var owner = parties.Values.Single(party => party.Role == Role.Licensor);
        var key = SigningKey.Create(Path.Combine(folder, "owner.key"));
        await books.RegisterPartyKeyAsync(owner.Id, key.ForNotes(owner.Id).ToString(), cancellationToken).ConfigureAwait(false);
        var document = await books.SetAgreementAsync(
            model, [Share.Of(Role.Licensor, 200_000), Share.Of(Role.Host, 500_000), Share.Of(Role.Developer, 300_000)],
            held: new([Role.Host.Name()], "the tour"), cancellationToken: cancellationToken).ConfigureAwait(false);
        var signed = PartySigner.Sign(books.AgreementToSign(document.Id), owner.Id, key);
        document = await books.SignAgreementAsync(signed, cancellationToken).ConfigureAwait(false);
        Say("Who shares in it. A request from no app has no developer, so that share goes to the host:");
        foreach (var share in books.ListAgreements().Single(agreement => agreement.Version == document.Version).Shares)
        {
            var who = share.PartyId is { } id ? $", {parties[id].Name}" : " of the app";
            Say($"  {Cells.Percent(share.PartsPerMillion),4}  {share.Role?.Name()}{who}");
        }
        Say($"It is in force, because everybody named in it has accepted it; {owner.Name} has signed it with a key of its own.");
    }

    private async Task AskAsync(TourCustomer customer, AyniHost host, string model, CancellationToken cancellationToken)
    {
        Heading($"{customer.Name} asks");
        Say($"{customer.Name}: {customer.Question}");
        var writer = _console.Profile.Out.Writer;
        writer.Write($"{model}: ");
        var receiptId = await TourClient.AskAsync(host.Address, customer, model, writer.Write, cancellationToken).ConfigureAwait(false);
        writer.WriteLine();
        _receipts.Add(host.Books.FindReceipt(receiptId) ?? throw new InvalidOperationException($"The ledger has no receipt {receiptId}."));
    }

    private void ShowReceipts(IEnumerable<TourCustomer> customers)
    {
        Heading("A receipt each");
        Say("Each was on disk before its answer ended, is numbered within its key and chained to the key's receipt before.");
        foreach (var (customer, receipt) in customers.Zip(_receipts))
        {
            Say($"{receipt.Id} for {customer.Name}");
            Say($"  {receipt.Counts.Prompt} tokens in, {receipt.Counts.Generated} out: {receipt.Charge}");
            Say($"  number {receipt.KeyNumber} of {receipt.KeyId}{(receipt.AppId is { } app ? $", which belongs to {app}" : "")}");
            Say($"  hash {receipt.Hash}");
        }
    }

    private async Task<TourOutcome> CloseAsync(Books books, CancellationToken cancellationToken)
    {
        var period = Period.Of(Start);
        Heading("The month ends");
        _clock.AdvanceTo(period.End);
        Say($"The clock moves on to {Cells.Instant(_clock.GetUtcNow())}, and {period} is closed: its earnings are shared out.");
        await books.ClosePeriodAsync(period, cancellationToken).ConfigureAwait(false);

        Heading("Everybody's statement");
        var statements = books.Statements(period);
        foreach (var statement in statements)
            StatementView.Write(statement, [], _console);

        Heading("Does it add up?");
        var outcome = new TourOutcome(period, _receipts, statements, books.Audit());
        Say($"Charged by the receipts:      {outcome.Charged}");
        Say($"Payable to the parties:       {outcome.Payable}");
        Say($"Carried on to the next month: {outcome.Carried}");
        Say(outcome.AddsUp
            ? "Payable and carried on are what was charged, exactly, and the ledger's audit finds nothing."
            : $"IT DOES NOT ADD UP: please report it. {string.Join(" ", outcome.Findings)}");
        return outcome with { Proofs = await ShowProofsAsync(books, period, statements, cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>Verifies a receipt and a statement as their holders would, then a copy of each that was changed.</summary>
    private async Task<TourProofs> ShowProofsAsync(
        Books books, Period period, IReadOnlyList<Statement> statements, CancellationToken cancellationToken)
    {
        Heading("Don't take our word for it");
        await books.PublishLogAsync(cancellationToken).ConfigureAwait(false);
        var receipt = JsonSerializer.SerializeToUtf8Bytes(books.FindSignedReceipt(_receipts[0].Id)!, LedgerJson.Default.SignedReceipt);
        var statement = books.ProveStatement(period, statements[0].PartyId);
        var (proven, refused) = (true, true);
        foreach (var (name, json, field, lie) in new[] { ("receipt", receipt, "charge", "0.01"), ("statement", statement, "party_name", "Somebody Else") })
        {
            try
            {
                foreach (var sentence in Verify(json).Proven)
                    Say($"Proven: {sentence}");
            }
            catch (ProofException error)
            {
                proven = false;
                Say($"THE {name.ToUpperInvariant()} IS NOT PROVEN: please report it. {error.Message}");
            }
            var changed = JsonNode.Parse(json)!.AsObject();
            changed[field] = lie;
            try
            {
                Verify(Encoding.UTF8.GetBytes(changed.ToJsonString()));
                refused = false;
                Say($"A CHANGED {name.ToUpperInvariant()} PASSES: please report it.");
            }
            catch (ProofException error)
            {
                Say($"A copy of the {name} whose {field} says \"{lie}\" is refused: {error.Message}");
            }
        }
        Say("Nobody can prove that there were no sales beside the books, or that the model which answered is the one named.");
        Say("'ayni verify' does this for any receipt or statement; docs/proof.md says how.");
        return new(proven, refused);

        Verification Verify(byte[] json) =>
            ProofVerifier.Verify(json, books.LogKey, LogReader.Of(books.LogFolderPath!), [], _clock.GetUtcNow());
    }

    private void Heading(string text)
    {
        _console.WriteLine();
        _console.Write(new Text($"{++_step}. {text}", new Style(decoration: Decoration.Bold | Decoration.Underline)));
        _console.WriteLine();
    }

    private void Say(string text)
    {
        _console.Write(new Text(text));
        _console.WriteLine();
    }
}

/// <summary>Someone who asks.</summary>
internal sealed record TourCustomer(string Name, string Key, string Question);
