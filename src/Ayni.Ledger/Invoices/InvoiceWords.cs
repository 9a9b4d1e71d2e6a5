namespace Ayni.Ledger;

/// <summary>What a printed invoice says beside names and numbers.</summary>
internal sealed class InvoiceWords
{
    /// <summary>The words that statements have, too.</summary>
    public required StatementWords Shared { get; init; }

    public required string Invoice { get; init; }

    public required string CreditNote { get; init; }

    public required string SelfBill { get; init; }

    /// <summary>What makes a document in the seller's name one that the buyer may issue.</summary>
    public required string SelfBillNote { get; init; }

    public required string Number { get; init; }

    public required string Issued { get; init; }

    public required string Period { get; init; }

    public required string Due { get; init; }

    public required string Terms { get; init; }

    /// <summary>The days to pay; {0} stands for their number.</summary>
    public required string Days { get; init; }

    public required string Credits { get; init; }

    public required string Reason { get; init; }

    public required string Seller { get; init; }

    public required string Buyer { get; init; }

    public required string Account { get; init; }

    public required string Line { get; init; }

    public required string What { get; init; }

    public required string Amount { get; init; }

    public required string Net { get; init; }

    public required string Tax { get; init; }

    public required string Rate { get; init; }

    public required string Base { get; init; }

    public required string Withheld { get; init; }

    public required string Certificate { get; init; }

    public required string Rounding { get; init; }

    public required string Total { get; init; }

    public required string Payable { get; init; }

    /// <summary>What lines are for, in the order of <see cref="LineKinds"/>; the last is for every other kind.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>The kinds of lines that have a name in every language.</summary>
    public static IReadOnlyList<string> LineKinds { get; } =
    [
        "usage", "share", "opening", "volume_true_up", "package_remainder", "subscription_fee", "minimum_charge", "credit_expiry",
        "credit_purchase", "credit_use", "credit_return", "conversion",
    ];

    /// <summary>What a kind of line is called.</summary>
    public string NameOf(string kind)
    {
        for (var i = 0; i < LineKinds.Count; i++)
        {
            if (LineKinds[i] == kind)
                return Kinds[i];
        }
        return Kinds[^1];
    }

    /// <summary>The words of a language.</summary>
    public static InvoiceWords In(StatementLanguage language) => language.Code switch
    {
        "ar" => Arabic,
        "fa" => Persian,
        "es" => Spanish,
        _ => English,
    };

    private static InvoiceWords English { get; } = new()
    {
        Shared = StatementLanguage.English.Words,
        Invoice = "Invoice",
        CreditNote = "Credit note",
        SelfBill = "Self-billing invoice",
        SelfBillNote = "Self-billing: issued by the buyer in the seller's name and on its behalf.",
        Number = "Number",
        Issued = "Date of issue",
        Period = "Period of supply",
        Due = "Due date",
        Terms = "Terms of payment",
        Days = "{0} days from the date of issue",
        Credits = "Credits invoice",
        Reason = "Reason",
        Seller = "Seller",
        Buyer = "Buyer",
        Account = "Pay to",
        Line = "No.",
        What = "Supply",
        Amount = "Amount",
        Net = "Sum before tax",
        Tax = "Tax",
        Rate = "Rate",
        Base = "Taxable amount",
        Withheld = "withheld",
        Certificate = "certificate",
        Rounding = "Rounding",
        Total = "Total",
        Payable = "To be paid",
        Kinds =
        [
            "Use of the model", "Share of revenue", "Balance brought forward", "Volume rate true-up", "Rest of a package", "Subscription",
            "Minimum charge", "Expired credit", "Prepaid credit", "Paid by credit", "Credit given back", "Currency conversion", "Adjustment",
        ],
    };

    private static InvoiceWords Arabic { get; } = new()
    {
        Shared = StatementLanguage.Arabic.Words,
        Invoice = "فاتورة",
        CreditNote = "إشعار دائن",
        SelfBill = "فاتورة ذاتية الإصدار",
        SelfBillNote = "فوترة ذاتية: أصدرها المشتري باسم البائع ونيابةً عنه.",
        Number = "الرقم",
        Issued = "تاريخ الإصدار",
        Period = "فترة التوريد",
        Due = "تاريخ الاستحقاق",
        Terms = "شروط الدفع",
        Days = "{0} يومًا من تاريخ الإصدار",
        Credits = "يخص الفاتورة",
        Reason = "السبب",
        Seller = "البائع",
        Buyer = "المشتري",
        Account = "يُدفع إلى الحساب",
        Line = "م",
        What = "البيان",
        Amount = "المبلغ",
        Net = "المجموع قبل الضريبة",
        Tax = "الضريبة",
        Rate = "النسبة",
        Base = "المبلغ الخاضع للضريبة",
        Withheld = "مقتطعة",
        Certificate = "الشهادة",
        Rounding = "التقريب",
        Total = "الإجمالي",
        Payable = "المبلغ الواجب دفعه",
        Kinds =
        [
            "استخدام النموذج", "حصة من الإيراد", "رصيد مُرحّل", "تسوية سعر الحجم", "بقية باقة", "اشتراك", "الحد الأدنى للرسوم",
            "رصيد منتهي الصلاحية", "رصيد مدفوع مقدمًا", "مدفوع من الرصيد", "رصيد مُعاد", "تحويل العملة", "تسوية",
        ],
    };

    private static InvoiceWords Persian { get; } = new()
    {
        Shared = StatementLanguage.Persian.Words,
        Invoice = "فاکتور",
        CreditNote = "اعلامیهٔ بستانکار",
        SelfBill = "فاکتور خودصادر",
        SelfBillNote = "صدور فاکتور از سوی خریدار: به نام فروشنده و از جانب او صادر شده است.",
        Number = "شماره",
        Issued = "تاریخ صدور",
        Period = "دورهٔ عرضه",
        Due = "سررسید",
        Terms = "شرایط پرداخت",
        Days = "{0} روز پس از تاریخ صدور",
        Credits = "مربوط به فاکتور",
        Reason = "دلیل",
        Seller = "فروشنده",
        Buyer = "خریدار",
        Account = "پرداخت به حساب",
        Line = "ردیف",
        What = "شرح",
        Amount = "مبلغ",
        Net = "جمع پیش از مالیات",
        Tax = "مالیات",
        Rate = "نرخ",
        Base = "مبلغ مشمول مالیات",
        Withheld = "کسرشده",
        Certificate = "گواهی",
        Rounding = "گرد کردن",
        Total = "جمع کل",
        Payable = "مبلغ قابل پرداخت",
        Kinds =
        [
            "استفاده از مدل", "سهم درآمد", "مانده از پیش", "تعدیل نرخ حجمی", "باقی‌ماندهٔ بسته", "اشتراک", "حداقل هزینه",
            "اعتبار منقضی‌شده", "اعتبار پیش‌پرداخت", "پرداخت از اعتبار", "اعتبار بازگردانده", "تبدیل ارز", "تعدیل",
        ],
    };

    private static InvoiceWords Spanish { get; } = new()
    {
        Shared = StatementLanguage.Spanish.Words,
        Invoice = "Factura",
        CreditNote = "Factura rectificativa",
        SelfBill = "Autofactura",
        SelfBillNote = "Facturación por el destinatario: expedida por el comprador en nombre y por cuenta del vendedor.",
        Number = "Número",
        Issued = "Fecha de expedición",
        Period = "Período del servicio",
        Due = "Vencimiento",
        Terms = "Condiciones de pago",
        Days = "{0} días desde la fecha de expedición",
        Credits = "Rectifica la factura",
        Reason = "Motivo",
        Seller = "Vendedor",
        Buyer = "Comprador",
        Account = "Pagar a",
        Line = "N.º",
        What = "Concepto",
        Amount = "Importe",
        Net = "Base antes de impuestos",
        Tax = "Impuesto",
        Rate = "Tipo",
        Base = "Base imponible",
        Withheld = "retenido",
        Certificate = "certificado",
        Rounding = "Redondeo",
        Total = "Importe total",
        Payable = "A pagar",
        Kinds =
        [
            "Uso del modelo", "Participación en los ingresos", "Saldo anterior", "Ajuste por volumen", "Resto de un paquete", "Suscripción",
            "Cargo mínimo", "Crédito caducado", "Crédito prepagado", "Pagado con crédito", "Crédito devuelto", "Conversión de moneda", "Ajuste",
        ],
    };
}
