using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Ayni.Ledger;

/// <summary>
/// Reads what banks say of transfers, in the messages of ISO 20022: <c>pain.002</c> (CustomerPaymentStatusReport), <c>camt.053</c>
/// (BankToCustomerStatement) and <c>camt.054</c> (BankToCustomerDebitCreditNotification), of any version, since elements are known by their
/// names. What is not about the house's own payouts and batches is passed over. No document type definitions, nothing from elsewhere.
/// </summary>
public static class BankReportReader
{
    private const int DeepestElement = 32, MostLines = 100_000, LongestText = 140;

    private const long LongestMessage = 64L << 20;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = LongestMessage,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <summary>Reads a message. Throws <see cref="BankReportException"/>.</summary>
    public static BankReport Read(ReadOnlyMemory<byte> message) => Read(new MemoryStream(message.ToArray(), writable: false));

    /// <summary>Reads a message. Throws <see cref="BankReportException"/>.</summary>
    public static BankReport Read(Stream message)
    {
        try
        {
            using var xml = XmlReader.Create(message, Settings);
            if (xml.MoveToContent() != XmlNodeType.Element || xml.LocalName != "Document")
                throw new BankReportException("The message is no document of ISO 20022: its first element is not 'Document'.");
            while (xml.Read() && xml.NodeType != XmlNodeType.Element)
            {
            }
            return xml.LocalName switch
            {
                "CstmrPmtStsRpt" => new StatusReport().Read(xml),
                "BkToCstmrStmt" or "BkToCstmrDbtCdtNtfctn" => new AccountReport().Read(xml),
                var other => throw new BankReportException(
                    $"'{Clipped(other)}' is none of the messages read here: pain.002, camt.053 and camt.054."),
            };
        }
        catch (XmlException error)
        {
            throw new BankReportException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Line {error.LineNumber}, column {error.LinePosition}: the message is no XML that is read here: {error.Message}"),
                error);
        }
    }

    /// <summary>What both kinds of message share: its head, its lines and their limit.</summary>
    private abstract class Report
    {
        private const string Undated = "The message does not say when it was made (GrpHdr/CreDtTm).";

        private readonly ImmutableArray<BankReportLine>.Builder _lines = ImmutableArray.CreateBuilder<BankReportLine>();

        protected string MessageId { get; private set; } = "unnamed";

        /// <summary>The day the message was made.</summary>
        protected DateOnly Day { get; private set; }

        public BankReport Read(XmlReader xml)
        {
            if (!xml.IsEmptyElement)
            {
                xml.Read();
                while (!xml.EOF && xml.Depth > 1)
                {
                    if (xml.NodeType != XmlNodeType.Element)
                        xml.Read();
                    else if (xml.LocalName == "GrpHdr")
                        ReadHeader(ReadTree(xml));
                    else
                        ReadPart(xml);
                }
            }
            while (xml.Read())
            {
                // What follows must be XML, too.
            }
            return new(MessageId, _lines.DrainToImmutable());
        }

        /// <summary>Reads an element of the message and moves beyond it, or into it.</summary>
        protected abstract void ReadPart(XmlReader xml);

        /// <summary>Whether an id is one of ours: of what others sent and got nothing more is read.</summary>
        protected static bool IsOwn([NotNullWhen(true)] string? id) =>
            id?.StartsWith("pyo-", StringComparison.Ordinal) == true || id?.StartsWith("bat-", StringComparison.Ordinal) == true;

        protected void Add(BankReportLine line)
        {
            if (_lines.Count == MostLines)
                throw new BankReportException($"A message tells of at most {MostLines} transfers.");
            if (line.Day == default)
                throw new BankReportException(Undated);
            _lines.Add(line);
        }

        private void ReadHeader(XElement header)
        {
            MessageId = TextOf(header, "MsgId") ?? MessageId;
            Day = DayOf(header.Element("CreDtTm")) ?? throw new BankReportException(Undated);
        }
    }

    /// <summary><c>pain.002</c>: what was not carried out; what was is known only when it is booked.</summary>
    private sealed class StatusReport : Report
    {
        /// <summary>Why all of the message was rejected, which each transfer without a reason of its own was rejected for, too.</summary>
        private List<XElement> _reasons = [];

        protected override void ReadPart(XmlReader xml)
        {
            var part = ReadTree(xml);
            switch (part.Name.LocalName)
            {
                case "OrgnlGrpInfAndSts":
                    _reasons = ReasonsOf(part, _reasons);
                    if (IsRejected(part, "GrpSts"))
                        Reject(part, TextOf(part, "OrgnlMsgId"), _reasons);
                    break;
                case "OrgnlPmtInfAndSts":
                    var reasons = ReasonsOf(part, _reasons);
                    if (IsRejected(part, "PmtInfSts"))
                        Reject(part, TextOf(part, "OrgnlPmtInfId"), reasons);
                    foreach (var transfer in part.Elements("TxInfAndSts").Where(transfer => IsRejected(transfer, "TxSts")))
                        Reject(transfer, TextOf(transfer, "OrgnlEndToEndId"), ReasonsOf(transfer, reasons));
                    break;
            }
        }

        private static List<XElement> ReasonsOf(XElement part, List<XElement> otherwise) =>
            part.Elements("StsRsnInf").ToList() is { Count: > 0 } own ? own : otherwise;

        private static bool IsRejected(XElement part, string status) => TextOf(part, status) is "RJCT" or "CANC";

        private void Reject(XElement part, string? id, List<XElement> reasons)
        {
            if (!IsOwn(id))
                return;
            var (code, reason) = ReasonOf(reasons, "rejected");
            var reference = TextOf(part, "AcctSvcrRef") ?? TextOf(part, "StsId") ?? MessageId;
            Add(new(id, BankReportStatus.Rejected, null, reference, Day, code, reason));
        }
    }

    /// <summary><c>camt.053</c> and <c>camt.054</c>: what was booked on the account.</summary>
    private sealed class AccountReport : Report
    {
        protected override void ReadPart(XmlReader xml)
        {
            if (xml.LocalName is "Stmt" or "Ntfctn")
                xml.Read();
            else if (xml.LocalName == "Ntry")
                ReadEntry(ReadTree(xml));
            else
                ReadTree(xml);
        }

        private void ReadEntry(XElement entry)
        {
            // What is pending or only announced may yet not be booked. Later versions put the code into an element of its own.
            if ((TextOf(entry, "Sts", "Cd") ?? TextOf(entry, "Sts")) != "BOOK")
                return;
            var isReversal = TextOf(entry, "RvslInd") is "true" or "1";
            var isReturn = IsReturn(entry);
            var reference = TextOf(entry, "AcctSvcrRef") ?? TextOf(entry, "NtryRef") ?? MessageId;
            var details = entry.Elements("NtryDtls").ToList();
            var transfers = details.Elements("TxDtls").ToList();
            foreach (var transfer in transfers)
            {
                var id = TextOf(transfer, "Refs", "EndToEndId");
                if (IsOwn(id))
                    AddBooked(
                        id, transfer, isReversal, isReturn || IsReturn(transfer),
                        TextOf(transfer, "CdtDbtInd") ?? TextOf(entry, "CdtDbtInd"), BookedOn(entry),
                        TextOf(transfer, "Refs", "AcctSvcrRef") ?? reference,
                        AmountOf(transfer.Element("Amt")) ?? AmountOf(At(transfer, "AmtDtls", "TxAmt", "Amt"))
                            ?? (transfers.Count == 1 ? AmountOf(entry.Element("Amt")) : null));
            }
            // A batch may be booked as one sum.
            var batch = transfers.Count == 0 && details is [var only] ? only : null;
            var batchId = batch is null ? null : TextOf(batch, "Btch", "PmtInfId") ?? TextOf(batch, "Btch", "MsgId");
            if (IsOwn(batchId))
                AddBooked(
                    batchId, batch!, isReversal, isReturn, TextOf(entry, "CdtDbtInd"), BookedOn(entry), reference,
                    AmountOf(entry.Element("Amt")));
        }

        private DateOnly BookedOn(XElement entry) =>
            DayOf(entry.Element("ValDt")) ?? DayOf(entry.Element("BookgDt")) ?? Day;

        /// <summary>Whether the bank's transaction code is that of a transfer that came back (RRTN, reimbursement).</summary>
        private static bool IsReturn(XElement part) => TextOf(part, "BkTxCd", "Domn", "Fmly", "SubFmlyCd") == "RRTN";

        private void AddBooked(
            string id, XElement part, bool isReversal, bool isReturn, string? direction, DateOnly day, string reference, Amount? amount)
        {
            var information = part.Elements("RtrInf").ToList();
            var (code, reason) = ReasonOf(information, "returned");
            var status = (direction, isReversal) switch
            {
                ("DBIT", false) => BankReportStatus.Paid,
                ("CRDT", _) when isReturn || information.Count > 0 => BankReportStatus.Returned,
                _ => BankReportStatus.Unclear,
            };
            Add(new(id, status, amount, reference, day, code, reason));
        }
    }

    /// <summary>
    /// Reads an element with all that is in it and moves beyond it. Of names only the local part is kept, since each version has a
    /// namespace of its own; of attributes only the currency.
    /// </summary>
    private static XElement ReadTree(XmlReader xml)
    {
        var root = Open(xml);
        var (current, depth) = (root, xml.Depth);
        if (xml.IsEmptyElement)
        {
            xml.Read();
            return root;
        }
        while (xml.Read())
        {
            switch (xml.NodeType)
            {
                case XmlNodeType.Element:
                    if (xml.Depth > DeepestElement)
                        throw new BankReportException($"'{Clipped(xml.LocalName)}' lies deeper than {DeepestElement} elements.");
                    var child = Open(xml);
                    current.Add(child);
                    if (!xml.IsEmptyElement)
                        current = child;
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    current.Add(new XText(xml.Value));
                    break;
                case XmlNodeType.EndElement when xml.Depth == depth:
                    xml.Read();
                    return root;
                case XmlNodeType.EndElement:
                    current = current.Parent!;
                    break;
            }
        }
        return root;

        static XElement Open(XmlReader xml)
        {
            var element = new XElement(xml.LocalName);
            if (xml.GetAttribute("Ccy") is { } currency)
                element.SetAttributeValue("Ccy", currency);
            return element;
        }
    }

    private static XElement? At(XElement element, params ReadOnlySpan<string> path)
    {
        var found = element;
        foreach (var name in path)
            found = found?.Element(name);
        return found;
    }

    private static string? TextOf(XElement element, params ReadOnlySpan<string> path) =>
        At(element, path) is { HasElements: false } found && Clean(found.Value) is { Length: > 0 } text ? text : null;

    /// <summary>Of several reasons the one that says most about what may be done, and all their codes and words.</summary>
    private static (string? Code, string Reason) ReasonOf(List<XElement> information, string otherwise)
    {
        var codes = information.Select(one => TextOf(one, "Rsn", "Cd") ?? TextOf(one, "Rsn", "Prtry")).OfType<string>().ToList();
        var code = codes.Find(BankReportLine.IsOfDuplicate) ?? codes.FirstOrDefault();
        var words = codes.Concat(information.Elements("AddtlInf").Select(element => Clean(element.Value))).Where(word => word.Length > 0);
        return (code, Clean(string.Join(' ', words)) is { Length: > 0 } reason ? reason : otherwise);
    }

    /// <summary>The day of a date, or of an instant in the bank's own time.</summary>
    private static DateOnly? DayOf(XElement? element)
    {
        if (element is null)
            return null;
        var text = TextOf(element, "Dt") ?? TextOf(element, "DtTm") ?? Clean(element.Value);
        var date = text.AsSpan(0, Math.Min(text.Length, "2026-12-01".Length));
        return CalendarText.TryParseDay(date, out var day)
            ? day
            : throw new BankReportException($"'{text}' is no date.");
    }

    private static Amount? AmountOf(XElement? element)
    {
        if (element?.Attribute("Ccy") is not { } code)
            return null;
        return Currency.TryParse(code.Value, out var currency) && Amount.TryParse(Clean(element.Value), currency, out var amount)
            ? amount
            : throw new BankReportException($"'{Clean(element.Value)} {Clean(code.Value)}' is no amount.");
    }

    /// <summary>One line of text, so long that it may be kept.</summary>
    private static string Clean(string text)
    {
        var clipped = Clipped(text.Trim());
        return string.Concat(clipped.Select(letter => char.IsControl(letter) ? ' ' : letter));
    }

    private static string Clipped(string text)
    {
        if (text.Length <= LongestText)
            return text;
        // Never half a surrogate pair.
        return text[..(char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText)];
    }
}
