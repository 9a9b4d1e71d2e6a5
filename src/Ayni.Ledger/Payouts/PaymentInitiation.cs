using System.Globalization;
using System.Reflection;
using System.Xml;
using System.Xml.Schema;

namespace Ayni.Ledger;

/// <summary>
/// A batch as the message that banks take: ISO 20022 <c>pain.001.001.09</c>, CustomerCreditTransferInitiation. Transfers in euros are SEPA
/// credit transfers, charges at the service level; others share the charges.
/// </summary>
public static class PaymentInitiation
{
    private const string Namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

    /// <summary>Characters of the longest remittance information, and of a name in a credit transfer.</summary>
    private const int LongestRemittance = 140, LongestName = 70;

    /// <summary>Writes a batch, and checks it against the message's schema before anybody sees it.</summary>
    public static string ToPain001(this PayoutBatch batch)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var xml = XmlWriter.Create(text, new() { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true }))
            Write(xml, batch);
        var message = $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n";
        var problems = Check(message);
        return problems.Count == 0 ? message : throw new PaymentInitiationDefectException(batch.Id, problems[0]);
    }

    /// <summary>What in a message the schema does not allow: what the ledger's subset of <c>pain.001.001.09</c> lacks, too.</summary>
    internal static IReadOnlyList<string> Check(string message)
    {
        var problems = new List<string>();
        var settings = new XmlReaderSettings
        {
            ValidationType = ValidationType.Schema,
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
        };
        using (var schema = Assembly.GetExecutingAssembly().GetManifestResourceStream("Ayni.Ledger.Payouts.pain.001.001.09.xsd")!)
        using (var schemaReader = XmlReader.Create(schema))
            settings.Schemas.Add(Namespace, schemaReader);
        settings.ValidationFlags |= XmlSchemaValidationFlags.ReportValidationWarnings;
        settings.ValidationEventHandler += (_, problem) => problems.Add(problem.Message);
        using var reader = XmlReader.Create(new StringReader(message), settings);
        while (reader.Read())
        {
        }
        return problems;
    }

    private static void Write(XmlWriter xml, PayoutBatch batch)
    {
        var isSepa = batch.Currency.Code == "EUR";
        var count = batch.Payouts.Length.ToString(CultureInfo.InvariantCulture);
        xml.WriteStartElement("Document", Namespace);
        xml.WriteStartElement("CstmrCdtTrfInitn");

        xml.WriteStartElement("GrpHdr");
        xml.WriteElementString("MsgId", batch.Id);
        xml.WriteElementString("CreDtTm", batch.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        xml.WriteElementString("NbOfTxs", count);
        xml.WriteElementString("CtrlSum", batch.Total.Format());
        Name(xml, "InitgPty", batch.Entity.LegalName);
        xml.WriteEndElement();

        xml.WriteStartElement("PmtInf");
        xml.WriteElementString("PmtInfId", batch.Id);
        xml.WriteElementString("PmtMtd", "TRF");
        xml.WriteElementString("NbOfTxs", count);
        xml.WriteElementString("CtrlSum", batch.Total.Format());
        if (isSepa)
        {
            xml.WriteStartElement("PmtTpInf");
            xml.WriteStartElement("SvcLvl");
            xml.WriteElementString("Cd", "SEPA");
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        xml.WriteStartElement("ReqdExctnDt");
        xml.WriteElementString("Dt", batch.ExecutionDate.Text());
        xml.WriteEndElement();
        Name(xml, "Dbtr", batch.Account.Holder);
        AccountOf(xml, "DbtrAcct", batch.Account.Iban);
        Agent(xml, "DbtrAgt", batch.Account.Bic);
        xml.WriteElementString("ChrgBr", isSepa ? "SLEV" : "SHAR");
        foreach (var payout in batch.Payouts)
            Write(xml, payout);
        xml.WriteEndElement();

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, Payout payout)
    {
        xml.WriteStartElement("CdtTrfTxInf");
        xml.WriteStartElement("PmtId");
        xml.WriteElementString("EndToEndId", payout.Id);
        xml.WriteEndElement();
        xml.WriteStartElement("Amt");
        xml.WriteStartElement("InstdAmt");
        xml.WriteAttributeString("Ccy", payout.Currency.Code);
        xml.WriteString(payout.Amount.Format());
        xml.WriteEndElement();
        xml.WriteEndElement();
        if (payout.Account.Bic is not null)
            Agent(xml, "CdtrAgt", payout.Account.Bic);
        Name(xml, "Cdtr", payout.Account.Holder);
        AccountOf(xml, "CdtrAcct", payout.Account.Iban);
        xml.WriteStartElement("RmtInf");
        xml.WriteElementString("Ustrd", Remittance(payout));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>The documents paid; where they are too many, the first and how many more.</summary>
    internal static string Remittance(Payout payout)
    {
        var all = string.Join(' ', payout.Documents);
        return all.Length <= LongestRemittance
            ? all
            : string.Create(CultureInfo.InvariantCulture, $"{payout.Documents[0]} and {payout.Documents.Length - 1} more");
    }

    private static void Name(XmlWriter xml, string element, string name)
    {
        xml.WriteStartElement(element);
        xml.WriteElementString("Nm", Shortened(name));
        xml.WriteEndElement();
    }

    private static string Shortened(string name)
    {
        if (name.Length <= LongestName)
            return name;
        // Never half a surrogate pair.
        var length = char.IsHighSurrogate(name[LongestName - 1]) ? LongestName - 1 : LongestName;
        return name[..length].TrimEnd();
    }

    private static void AccountOf(XmlWriter xml, string element, Iban iban)
    {
        xml.WriteStartElement(element);
        xml.WriteStartElement("Id");
        xml.WriteElementString("IBAN", iban.Text);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Agent(XmlWriter xml, string element, Bic? bic)
    {
        xml.WriteStartElement(element);
        xml.WriteStartElement("FinInstnId");
        if (bic is not null)
        {
            xml.WriteElementString("BICFI", bic.Text);
        }
        else
        {
            xml.WriteStartElement("Othr");
            xml.WriteElementString("Id", "NOTPROVIDED");
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
        xml.WriteEndElement();
    }
}
