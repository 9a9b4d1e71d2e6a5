namespace Ayni.Training;

/// <summary>Kinds of personal data that can be told by their form.</summary>
[Flags]
public enum PersonalDataKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>E-mail addresses.</summary>
    Email = 1,

    /// <summary>Telephone numbers: <c>+</c> and 8 to 15 digits; 9 to 12 digits in groups from 0 on; and those of North America in groups of
    /// 3, 3 and 4.</summary>
    Phone = 2,

    /// <summary>Numbers of payment cards: 13 to 19 digits with a right check digit (Luhn, ISO/IEC 7812-1).</summary>
    Card = 4,

    /// <summary>Numbers of bank accounts with right check digits (ISO 13616, modulo 97).</summary>
    Iban = 8,
}

/// <summary>How many places of each kind were masked.</summary>
/// <param name="Email">E-mail addresses.</param>
/// <param name="Phone">Telephone numbers.</param>
/// <param name="Card">Payment cards.</param>
/// <param name="Iban">Bank accounts.</param>
public sealed record PersonalDataCounts(long Email = 0, long Phone = 0, long Card = 0, long Iban = 0)
{
    /// <summary>The counts of two texts together.</summary>
    public static PersonalDataCounts operator +(PersonalDataCounts a, PersonalDataCounts b) =>
        new(a.Email + b.Email, a.Phone + b.Phone, a.Card + b.Card, a.Iban + b.Iban);
}

/// <summary>
/// Replaces personal data of some kinds by <c>[email]</c>, <c>[phone]</c>, <c>[card]</c> and <c>[iban]</c>, and counts them. What has no
/// such form (names, addresses) stays. In time proportional to a text's length. One thread at a time.
/// </summary>
internal sealed class PersonalDataMask(PersonalDataKinds kinds)
{
    private long _emails;
    private long _phones;
    private long _cards;
    private long _ibans;

    private delegate int Measure(ReadOnlySpan<char> text, int start);

    /// <summary>What was masked so far.</summary>
    public PersonalDataCounts Counts => new(_emails, _phones, _cards, _ibans);

    /// <summary>The text without it.</summary>
    public string Apply(string text)
    {
        // From the strictest form to the loosest: a card's number must not be taken for a telephone's.
        text = Replace(text, PersonalDataKinds.Iban, "[iban]", MeasureIban, ref _ibans);
        text = Replace(text, PersonalDataKinds.Card, "[card]", MeasureCard, ref _cards);
        text = Replace(text, PersonalDataKinds.Email, "[email]", MeasureEmail, ref _emails);
        return Replace(text, PersonalDataKinds.Phone, "[phone]", MeasurePhone, ref _phones);
    }

    private string Replace(string text, PersonalDataKinds kind, string mark, Measure measure, ref long count)
    {
        if (!kinds.HasFlag(kind))
            return text;
        System.Text.StringBuilder? masked = null;
        var copied = 0;
        for (var i = 0; i < text.Length;)
        {
            var length = measure(text, i);
            if (length == 0)
            {
                i++;
                continue;
            }
            (masked ??= new()).Append(text, copied, i - copied).Append(mark);
            count++;
            copied = i += length;
        }
        return masked is null ? text : masked.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>The length of an address that starts here, or 0. Looks ahead only from the start of a run of its characters.</summary>
    private static int MeasureEmail(ReadOnlySpan<char> text, int start)
    {
        if (!IsLocal(text[start]) || (start > 0 && IsLocal(text[start - 1])))
            return 0;
        var at = start;
        while (at < text.Length && IsLocal(text[at]))
            at++;
        if (at == text.Length || text[at] != '@')
            return 0;
        var (end, lastDot) = (at + 1, -1);
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || (text[end] is '-' or '.' && text[end - 1] is not ('.' or '@'))))
        {
            if (text[end] == '.')
                lastDot = end;
            end++;
        }
        // A full stop or hyphen after the address is not its.
        while (text[end - 1] is '.' or '-')
        {
            end--;
            if (end == lastDot)
                lastDot = text[(at + 1)..end].LastIndexOf('.') is >= 0 and var before ? at + 1 + before : -1;
        }
        return lastDot > at && end - lastDot > 2 && char.IsAsciiLetter(text[end - 1]) ? end - start : 0;

        static bool IsLocal(char character) => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '%' or '+' or '-';
    }

    private static int MeasureIban(ReadOnlySpan<char> text, int start)
    {
        const int Least = 15;
        const int Most = 34;
        if (!IsStart(text, start) || start + Least > text.Length || !char.IsAsciiLetterUpper(text[start])
            || !char.IsAsciiLetterUpper(text[start + 1]) || !char.IsAsciiDigit(text[start + 2]) || !char.IsAsciiDigit(text[start + 3]))
            return 0;
        Span<char> compact = stackalloc char[Most];
        var (count, best) = (0, 0);
        for (var i = start; i < text.Length && count < Most; i++)
        {
            if (text[i] == ' ' && i + 1 < text.Length && IsPart(text[i + 1]))
                continue;
            if (!IsPart(text[i]))
                break;
            compact[count++] = text[i];
            if (count >= Least && IsEnd(text, i + 1) && HasRightCheckDigits(compact[..count]))
                best = i + 1 - start;
        }
        return best;

        static bool IsPart(char character) => char.IsAsciiLetterUpper(character) || char.IsAsciiDigit(character);
    }

    private static bool HasRightCheckDigits(ReadOnlySpan<char> iban)
    {
        var remainder = 0;
        for (var i = 0; i < iban.Length; i++)
        {
            // The first four characters come last, and letters are two digits from A = 10 on.
            var character = iban[(i + 4) % iban.Length];
            remainder = char.IsAsciiDigit(character)
                ? (remainder * 10 + character - '0') % 97
                : (remainder * 100 + character - 'A' + 10) % 97;
        }
        return remainder == 1;
    }

    private static int MeasureCard(ReadOnlySpan<char> text, int start)
    {
        if (text[start] is not (>= '2' and <= '6') || !IsStart(text, start))
            return 0;
        Span<int> digits = stackalloc int[19];
        var (count, group, best) = (0, 0, 0);
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] is ' ' or '-' && group >= 4 && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]))
            {
                group = 0;
                continue;
            }
            if (!char.IsAsciiDigit(text[i]) || count == digits.Length)
                break;
            digits[count++] = text[i] - '0';
            group++;
            if (count >= 13 && IsEnd(text, i + 1) && HasRightCheckDigit(digits[..count]))
                best = i + 1 - start;
        }
        return best;
    }

    private static bool HasRightCheckDigit(ReadOnlySpan<int> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[digits.Length - 1 - i];
            sum += i % 2 == 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
        }
        return sum % 10 == 0;
    }

    private static int MeasurePhone(ReadOnlySpan<char> text, int start)
    {
        const int MostDigits = 15;
        var first = text[start];
        if (!(first is '+' or '(' || char.IsAsciiDigit(first)) || !IsStart(text, start) || (start > 0 && text[start - 1] is '+' or '.' or ','))
            return 0;
        Span<int> groups = stackalloc int[MostDigits];
        var (count, digits, best, separators) = (0, 0, 0, 0);
        for (var i = first == '+' || first == '(' ? start + 1 : start; i < text.Length && digits < MostDigits && count < groups.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                groups[count]++;
                digits++;
                separators = 0;
                if (IsEnd(text, i + 1) && IsPhone(text[start..(i + 1)], groups[..(count + 1)], digits))
                    best = i + 1 - start;
                continue;
            }
            if (text[i] is not (' ' or '-' or '.' or '/' or '(' or ')') || ++separators > 2)
                break;
            if (groups[count] > 0)
                count++;
        }
        return best;
    }

    private static bool IsPhone(ReadOnlySpan<char> text, ReadOnlySpan<int> groups, int digits)
    {
        if (text[0] == '+')
            return digits >= 8 && text[1] is >= '1' and <= '9';
        if (groups is [3, 3, 4])
            return text[text[0] == '(' ? 1 : 0] is >= '2' and <= '9';
        if (groups is [1, 3, 3, 4])
            return text[0] == '1';
        // A date with what follows it is no number.
        return text[text[0] == '(' ? 1 : 0] == '0' && groups.Length > 1 && groups[0] > 1 && digits is >= 9 and <= 12
            && groups is not [2, 2, 4, ..];
    }

    private static bool IsStart(ReadOnlySpan<char> text, int place) => place == 0 || !char.IsLetterOrDigit(text[place - 1]);

    private static bool IsEnd(ReadOnlySpan<char> text, int place) => place == text.Length || !char.IsLetterOrDigit(text[place]);
}
