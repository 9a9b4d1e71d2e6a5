using System.Globalization;

namespace Ayni.Ledger;

/// <summary>What notices say in a language.</summary>
/// <param name="BankTitle">The title where bank details were changed.</param>
/// <param name="Bank">Whose they are, who changed them, the new account's last letters, and until when nothing is paid there.</param>
/// <param name="ContactTitle">The title where the contact was changed.</param>
/// <param name="Contact">Whose it is, who changed it, and the new contact's name and address.</param>
/// <param name="Object">What to do.</param>
internal sealed record NoticeWords(string BankTitle, string Bank, string ContactTitle, string Contact, string Object)
{
    private static readonly NoticeWords English = new(
        "The account to which you are paid was changed",
        "The account to which {0} is paid was changed by {1}. The new one ends in {2}. Nothing is paid there before {3}.",
        "Your contact was changed",
        "The contact of {0} was changed by {1}. It is now {2} ({3}).",
        "If you did not ask for this, object at once, by a way that you have used before. Do not answer to addresses in messages that you did not expect.");

    private static readonly NoticeWords Spanish = new(
        "Se cambió la cuenta en la que usted cobra",
        "{1} cambió la cuenta en la que cobra {0}. La nueva termina en {2}. No se paga nada allí antes del {3}.",
        "Se cambió su contacto",
        "{1} cambió el contacto de {0}. Ahora es {2} ({3}).",
        "Si no lo pidió, opóngase de inmediato por una vía que ya haya usado. No responda a direcciones de mensajes que no esperaba.");

    private static readonly NoticeWords Arabic = new(
        "تغيّر الحساب الذي تُدفع إليه مستحقاتكم",
        "غيّر {1} الحساب الذي تُدفع إليه مستحقات {0}. ينتهي الحساب الجديد بـ {2}. لا يُدفع إليه شيء قبل {3}.",
        "تغيّرت جهة الاتصال الخاصة بكم",
        "غيّر {1} جهة اتصال {0}. وهي الآن {2} ({3}).",
        "إن لم تطلبوا ذلك فاعترضوا فورًا بطريقة استعملتموها من قبل. لا تردّوا على عناوين في رسائل لم تتوقعوها.");

    private static readonly NoticeWords Persian = new(
        "حسابی که به آن پرداخت می‌شود تغییر کرد",
        "{1} حسابی را که به {0} پرداخت می‌شود تغییر داد. حساب تازه به {2} پایان می‌یابد. پیش از {3} چیزی به آن پرداخت نمی‌شود.",
        "طرف تماس شما تغییر کرد",
        "{1} طرف تماس {0} را تغییر داد. اکنون {2} ({3}) است.",
        "اگر چنین درخواستی نداشته‌اید، بی‌درنگ از راهی که پیش‌تر به کار برده‌اید اعتراض کنید. به نشانی‌های پیام‌هایی که انتظارشان را نداشتید پاسخ ندهید.");

    /// <summary>The words of a language by its code.</summary>
    public static NoticeWords Of(string language) => language switch
    {
        "es" => Spanish,
        "ar" => Arabic,
        "fa" => Persian,
        _ => English,
    };

    /// <summary>That bank details were changed.</summary>
    public (string Title, string Body) OfBank(string name, string actor, BankDetails details, string language) =>
        (BankTitle, Write(language, Bank, name, actor, details.Iban.Text[^4..], At(details.HeldUntil)));

    /// <summary>That a contact was changed.</summary>
    public (string Title, string Body) OfContact(string name, string actor, Contact contact, string language) =>
        (ContactTitle, Write(language, Contact, name, actor, contact.Name, contact.Email));

    /// <summary>Names and numbers stand between the marks that isolate their direction where the text runs from right to left.</summary>
    private string Write(string language, string format, params string[] values)
    {
        var isRightToLeft = StatementLanguage.Find(language)?.Terms.IsRightToLeft == true;
        return string.Format(
            CultureInfo.InvariantCulture, format, [.. values.Select(value => isRightToLeft ? $"\u2068{value}\u2069" : value)]) + $"\n\n{Object}\n";
    }

    private static string At(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
