namespace Ayni.Receipts;

public sealed partial class Currency
{
    /// <summary>
    /// ISO 4217 list one, by decimals of the minor unit. XTS, the code reserved for tests, has two, so that test mode looks like money.
    /// Precious metals, funds and bond units have no minor unit and are left out: nobody is paid in them.
    /// </summary>
    private static IEnumerable<(int Digits, string Codes)> MinorUnits =>
    [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK
            DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
            LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
            RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED
            VES WST XCD XCG XTS YER ZAR ZMW ZWG
            """.ReplaceLineEndings(" ")),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    ];
}
