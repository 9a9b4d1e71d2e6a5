namespace Ayni.Ledger;

public sealed partial class Books
{
    // Deductions.

    /// <summary>
    /// Records what lessens the shares of a month, with its evidence, in the first month from the service period on that is open. The same
    /// one recorded again changes nothing.
    /// </summary>
    /// <param name="type">What it is.</param>
    /// <param name="evidenceId">What proves it.</param>
    /// <param name="servicePeriod">The month it is about.</param>
    /// <param name="amount">How much; negative takes an earlier one back.</param>
    /// <param name="model">The model whose revenue it lessens; every model's in proportion if not given.</param>
    /// <param name="appId">The app whose revenue it lessens; every app's and none's in proportion if not given.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<Deduction> RecordDeductionAsync(
        DeductionType type, string evidenceId, Period servicePeriod, Amount amount, string? model = null, string? appId = null,
        CancellationToken cancellationToken = default)
    {
        var deduction = new Deduction(type, evidenceId, servicePeriod, servicePeriod, model, appId, amount);
        return _writer.RunAsync(transaction => DeductionList.Record(transaction, deduction), cancellationToken);
    }

    /// <summary>A deduction about a customer as that signs it (<see cref="PartySigner.SignDeduction"/>).</summary>
    public string DeductionToSign(
        string customerId, DeductionType type, string evidenceId, Period servicePeriod, Amount amount, string? model = null, string? appId = null) =>
        _readers.Read(session => RegistryRows.Customer(session, customerId) is null
            ? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId)
            : new DeductionNote(
                DemandIdentity(session).Origin,
                new(type, Text.Demand(evidenceId, "deduction's evidence"), servicePeriod, servicePeriod, model, appId, amount), customerId).Text);

    /// <summary>
    /// Records a deduction that its customer signed, with the signature, as <see cref="RecordDeductionAsync"/> does. Throws
    /// <see cref="ProofException"/> for bytes that are none.
    /// </summary>
    public Task<Deduction> RecordSignedDeductionAsync(ReadOnlySpan<byte> deduction, CancellationToken cancellationToken = default)
    {
        var note = SignedNote.Parse(deduction);
        var parsed = DeductionNote.Parse(note.Text);
        return _writer.RunAsync(
            transaction => DeductionList.RecordSigned(transaction, parsed, note.Signatures, DemandIdentity(transaction.Session).Origin),
            cancellationToken);
    }

    /// <summary>The deductions that count in a period, in order of type, evidence, model and app.</summary>
    public IReadOnlyList<Deduction> ListDeductions(Period period) => _readers.Read(session => DeductionRows.Of(session, period));

    /// <summary>
    /// At most so many of them in the order in which they were recorded, after the one of a number, and the number after which the next
    /// are; null at the end.
    /// </summary>
    public (IReadOnlyList<Deduction> Deductions, long? Next) ListDeductions(Period period, long after, int limit)
    {
        var page = _readers.Read(session => DeductionRows.Page(session, period, after, limit + 1));
        return ([.. page.Take(limit).Select(row => row.Deduction)], page.Count <= limit ? null : page[limit - 1].Number);
    }

    /// <summary>
    /// Records what customers paid for a model's use to somebody else, such as a store, for shares of what is collected, in the first month
    /// from the given one on that is open. What pays the ledger's own invoices counts by itself. The same one recorded again changes
    /// nothing.
    /// </summary>
    public Task<CollectedRevenue> RecordCollectionAsync(
        string evidenceId, Period period, string model, Amount amount, string? appId = null, CancellationToken cancellationToken = default)
    {
        var collection = new CollectedRevenue(evidenceId, period, model, appId, amount);
        return _writer.RunAsync(transaction => CollectionList.Record(transaction, collection), cancellationToken);
    }

    /// <summary>
    /// The collections that count in a period: those recorded, in order of evidence, model and app, then what was found to be paid of
    /// invoices and by credits.
    /// </summary>
    public IReadOnlyList<CollectedRevenue> ListCollections(Period period) => _readers.Read(session => CollectionList.Of(session, period));

    // Agreements with documents.

    /// <summary>
    /// Enters an agreement's document (YAML or JSON). It becomes the agreement's next version when the last party has accepted it, and is
    /// in force no sooner. Throws <see cref="DocumentException"/> where it makes no agreement.
    /// </summary>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="text">The document.</param>
    /// <param name="readManifest">Reads the provenance manifests that pools name; null if none may be read.</param>
    /// <param name="held">Acceptances that there is evidence for already.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<AgreementDocument> EnterAgreementAsync(
        string path, string text, Func<string, byte[]>? readManifest = null, HeldAcceptances? held = null,
        CancellationToken cancellationToken = default) =>
        EnterAgreementAsync(TermsReader.Read(path, text, readManifest, Zone), held, cancellationToken);

    /// <summary>
    /// Enters an agreement that splits each charge of a model, or with null of every model that has no agreement of its own, by shares,
    /// from an instant on, now unless given. It becomes a version when the last party has accepted it.
    /// </summary>
    public Task<AgreementDocument> SetAgreementAsync(
        string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom = null, HeldAcceptances? held = null,
        CancellationToken cancellationToken = default) => EnterAgreementAsync(
            _readers.Read(session => AgreementList.TermsOf(RegistryRows.Parties(session), model, shares, effectiveFrom)), held,
            cancellationToken);

    private Task<AgreementDocument> EnterAgreementAsync(AgreementTerms terms, HeldAcceptances? held, CancellationToken cancellationToken) =>
        GuardedAsync(
            ProposedAction.Agreement, TermsText.Write(terms) + held, _ => false, transaction => AgreementDocuments.Enter(transaction, terms, held),
            cancellationToken);

    /// <summary>
    /// Records that a party accepted a document, by the word of whoever records it. With the last one, it becomes a version of its
    /// agreement.
    /// </summary>
    /// <param name="documentId">The document.</param>
    /// <param name="party">Who accepted it, by role or id.</param>
    /// <param name="evidence">How that is known, such as a letter's number.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<AgreementDocument> AcceptAgreementAsync(
        long documentId, string party, string evidence, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => AgreementDocuments.Accept(transaction, documentId, party, evidence), cancellationToken);

    /// <summary>Every version of every agreement, by version; at most so many, after another.</summary>
    public IReadOnlyList<Agreement> ListAgreements(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => TermRows.Agreements(session, after, limit));

    /// <summary>Every document of an agreement, oldest first; at most so many, after another.</summary>
    public IReadOnlyList<AgreementDocument> ListAgreementDocuments(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => AgreementRows.Documents(session, after, limit));

    /// <summary>An agreement's document by its id; null if there is none.</summary>
    public AgreementDocument? FindAgreementDocument(long documentId) => _readers.Read(session => AgreementRows.Find(session, documentId));

    /// <summary>
    /// What a month comes to under other terms: all revenue of the models they are about, with what is carried for an agreement of their
    /// name, as if they were in force. Posts nothing.
    /// </summary>
    /// <param name="period">The month.</param>
    /// <param name="path">What to call the document in messages.</param>
    /// <param name="text">The document.</param>
    /// <param name="readManifest">Reads the provenance manifests that pools name; null if none may be read.</param>
    /// <param name="partyId">
    /// The party who asks, if one does: only revenue that its own statement shows goes into it, and what is carried for an agreement that
    /// names it.
    /// </param>
    public IReadOnlyList<AgreementResult> Simulate(
        Period period, string path, string text, Func<string, byte[]>? readManifest = null, string? partyId = null)
    {
        var written = TermsReader.Read(path, text, readManifest, Zone);
        return _readers.Read<IReadOnlyList<AgreementResult>>(session =>
        {
            var terms = AgreementDocuments.Resolve(session, written).AsShares();
            var isOpen = partyId is null
                || AgreementRows.Documents(session).Any(document => document.Name == terms.Name && document.Terms.PartyIds.Contains(partyId));
            var history = isOpen ? AgreementRows.HistoryBefore(session, period) : new ShareHistory();
            var all = partyId is null ? SettlementInput.Read(session, period).Lines : _closed.Of(session, period).LinesOpenTo(partyId);
            var lines = all.Where(line =>
                (terms.Model is null || terms.Model == line.Line.Group.Model) && line.Line.Group.ServicePeriod == period
                && (terms.Currency is null || terms.Currency == line.Currency)).ToLookup(line => line.Currency);
            var currencies = lines.Select(group => group.Key).Concat(terms.Currency is { } only ? [only] : []).Distinct();
            return
            [
                .. currencies.OrderBy(currency => currency.Code, StringComparer.Ordinal).Select(currency => AgreementEvaluation.Evaluate(
                    0, terms, isInForce: true, period, currency, [.. lines[currency]], history)),
            ];
        });
    }

    /// <summary>
    /// An agreement's document in plain words, and what of it is worse for the smaller party than the standard terms; in English unless
    /// another language is given.
    /// </summary>
    public AgreementDescription Describe(
        string path, string text, StatementLanguage? language = null, Func<string, byte[]>? readManifest = null)
    {
        var spoken = language ?? StatementLanguage.English;
        var terms = TermsReader.Read(path, text, readManifest, Zone);
        return _readers.Read(session =>
        {
            terms = AgreementDocuments.Resolve(session, terms);
            var parties = RegistryRows.Parties(session).ToDictionary(party => party.Id, StringComparer.Ordinal);
            if (terms.PartyIds.Concat(terms.Shares.SelectMany(share => share.Hosts)).FirstOrDefault(id => !parties.ContainsKey(id)) is { } unknown)
                throw Registry.Unknown(Refusal.UnknownParty, "party", unknown);
            return new AgreementDescription(
                terms.Name, spoken.Code, new TermsProse(terms, id => $"{parties[id].Name} ({id})", spoken.Terms).Write(),
                StandardTerms.FindWorse(terms, id => parties[id].Role, spoken.Terms));
        });
    }

    /// <summary>
    /// Opens a party's statement: calls back with each receipt of each of its lines, in posting order, and the line's number from 1. A
    /// line's gross is the charges of its receipts and what adjustments add.
    /// </summary>
    public void OpenStatement(Period period, string partyId, Action<int, Receipt> each)
    {
        var lines = Statement(period, partyId).Lines;
        _readers.Read(session =>
        {
            var facts = FactRows.Revenue(session);
            var developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
            PeriodRows.ForEachReceipt(session, period, receipt =>
            {
                var group = RevenueGroup.Of(receipt, facts, developers);
                for (var i = 0; i < lines.Length; i++)
                {
                    if (lines[i].Covers(group))
                        each(i + 1, receipt);
                }
            });
            return lines.Length;
        });
    }

    /// <summary>
    /// Opens a party's statement to what its period commits to, a page of the period's receipts at a time: those of the party's lines,
    /// without their customers. A page may be empty while another one follows.
    /// </summary>
    /// <param name="period">The period.</param>
    /// <param name="partyId">The party.</param>
    /// <param name="after">The number that the page before named; 0 for the first.</param>
    /// <param name="limit">How many of the period's receipts are looked at, 1 to <see cref="ReceiptQuery.LongestPage"/>.</param>
    public (IReadOnlyList<OpenedReceipt> Receipts, long? Next) ListStatementReceipts(Period period, string partyId, long after, int limit)
    {
        var lines = _readers.Read(session => StatementIn(session, _closed.LinesOf(session, period), partyId).Lines);
        var page = ListReceipts(new(period, After: after, Limit: limit));
        return _readers.Read<(IReadOnlyList<OpenedReceipt>, long?)>(session =>
        {
            var facts = FactRows.Revenue(session);
            var developers = RegistryRows.Apps(session).ToDictionary(app => app.Id, app => app.DeveloperId, StringComparer.Ordinal);
            var isCommitted = PeriodProofRows.Record(session, period) is not null;
            var opened = new List<OpenedReceipt>();
            foreach (var receipt in page.Receipts.Where(receipt => !receipt.Currency.IsTest))
            {
                var group = RevenueGroup.Of(receipt, facts, developers);
                for (var i = 0; i < lines.Length; i++)
                {
                    if (lines[i].Covers(group))
                        opened.Add(OpenedReceipt.Of(i + 1, receipt, isCommitted ? CommitmentOf(session, receipt) : null));
                }
            }
            return (opened, page.Next);
        });

        static Digest CommitmentOf(Session session, Receipt receipt) => PeriodCommitment.Commitment(
            session, receipt.Id, ReceiptFormat.Encode(receipt), PeriodProofRows.Secret(session, receipt.CustomerId));
    }

    // What is known of customers and parties.

    /// <summary>
    /// Says to which party a customer belongs, or with null to none, from now on: a developer earns no share of what it uses itself.
    /// </summary>
    public Task<CustomerOwner> SetCustomerOwnerAsync(string customerId, string? ownerId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.SetOwner(transaction, customerId, ownerId), cancellationToken);

    /// <summary>
    /// Says which host's the ledger's own machines are from now on; what meters report is theirs who hold the meters' keys.
    /// </summary>
    public Task<OwnHost> SetOwnHostAsync(string partyId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.SetOwnHost(transaction, partyId), cancellationToken);

    /// <summary>What a party's billing details said when a period was closed, or say now if it is not.</summary>
    internal static BillingDetails? BillingFor(Session session, Period period, string partyId) =>
        FactRows.Billing(session, partyId, PeriodRows.ClosedAt(session, period) ?? DateTimeOffset.MaxValue);
}
