using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// A notice as a message that any mail program opens and sends: RFC 5322, with words beyond ASCII in its header as RFC 2047 writes them,
/// and a body of UTF-8 in base64 (RFC 2045). Pure.
/// </summary>
public static class NoticeMail
{
    // RFC 2047, section 2: a line with an encoded word has at most 76 characters, the field's name and the frame among them.
    private const string Open = "=?utf-8?B?", Close = "?=";
    private const int MostWordBytes = (76 - 9 - 12) / 4 * 3;
    private const int LineLength = 76;

    /// <summary>The message; lines end with CR LF.</summary>
    /// <param name="notice">The notice.</param>
    /// <param name="from">The e-mail address of who sends it.</param>
    public static string Write(Notice notice, string from)
    {
        _ = new Contact("", 0, "sender", from, StatementLanguage.English.Code, default).Checked();
        var mail = new StringBuilder();
        Line($"From: {from}");
        if (notice.ToEmail is { } to)
            Line($"To: {Words(notice.ToName)}\r\n <{to}>");
        Line($"Subject: {Words(notice.Title)}");
        Line($"Date: {notice.Created.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
        Line(string.Create(
            CultureInfo.InvariantCulture, $"Message-ID: <notice-{notice.Number}-{notice.Created.Microseconds()}@{from[(from.LastIndexOf('@') + 1)..]}>"));
        Line("MIME-Version: 1.0");
        Line("Content-Type: text/plain; charset=utf-8");
        Line($"Content-Language: {notice.Language}");
        Line("Content-Transfer-Encoding: base64");
        // Opened as a draft by programs that know this field.
        Line("X-Unsent: 1");
        Line("");
        var body = Convert.ToBase64String(Encoding.UTF8.GetBytes(notice.Body.Replace("\n", "\r\n", StringComparison.Ordinal)));
        for (var at = 0; at < body.Length; at += LineLength)
            Line(body[at..Math.Min(body.Length, at + LineLength)]);
        return mail.ToString();

        void Line(string text) => mail.Append(text).Append("\r\n");
    }

    /// <summary>A text as encoded words, each of whole characters, on lines of their own.</summary>
    private static string Words(string text)
    {
        var words = new List<string>();
        var word = new List<byte>();
        foreach (var rune in text.EnumerateRunes())
        {
            var bytes = new byte[rune.Utf8SequenceLength];
            rune.EncodeToUtf8(bytes);
            if (word.Count + bytes.Length > MostWordBytes)
                End();
            word.AddRange(bytes);
        }
        End();
        return string.Join("\r\n ", words);

        void End()
        {
            words.Add(Open + Convert.ToBase64String([.. word]) + Close);
            word.Clear();
        }
    }
}
