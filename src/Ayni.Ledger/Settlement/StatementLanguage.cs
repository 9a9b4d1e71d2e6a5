namespace Ayni.Ledger;

/// <summary>A language that statements and agreements are told in: its code, its direction and its words. Immutable.</summary>
public sealed class StatementLanguage
{
    private StatementLanguage(string code, TermsWords terms, StatementWords words)
    {
        Code = code;
        Terms = terms;
        Words = words;
    }

    /// <summary>English, left to right.</summary>
    public static StatementLanguage English { get; } = new("en", TermsWords.English, new()
    {
        Title = "Statement",
        Final = "Final: the month is closed and this never changes.",
        Estimate = "An estimate: the month is not closed yet.",
        Party = "Party",
        PartyId = "Party id",
        Role = "Role",
        Period = "Period",
        Reference = "Reference",
        Model = "Model",
        App = "App",
        NoApp = "none",
        Agreement = "Agreement",
        Month = "Month of use",
        Requests = "Requests",
        TokensIn = "Tokens in",
        TokensCached = "of them cached",
        TokensOut = "Tokens out",
        Gross = "Charged",
        Share = "Share",
        Amount = "Earned",
        Sum = "Sum",
        Currency = "Currency",
        CarryIn = "Carried in",
        Earned = "Earned",
        Payable = "Payable",
        CarryOut = "Carried on",
        Nothing = "Nothing was earned.",
        Explanation = "Carried in + earned = payable + carried on, exactly. What is less than a coin is carried on to the next month.",
        LegalName = "Name in law",
        TaxId = "Tax number",
        Address = "Address",
        Adapter = "Adapter",
        Host = "Host",
        Territory = "Country",
        Returned = "Returned",
        Step = "Step",
        Detail = "By",
        Result = "Leaves",
        Rest = "What the collector keeps",
        Objections = "Objections",
        ObjectionStates = ["Raised", "Answered", "Resolved"],
        Steps =
        [
            "Revenue", "Refunds", "Taxes", "Fees", "Deductions carried from earlier months", "Base", "Rate", "Rounding", "Fixed amount",
            "Raised to the floor", "Cut off at the cap", "Correction of an earlier month", "Raised to the guarantee",
            "Guarantee recovered", "Recoupment of the advance", "Advance", "Share", "Part", "To be shared", "Paid",
        ],
        Roles = ["Licensor", "Host", "Developer", "Adapter author", "Data contributor", "Backer", "Store"],
    });

    /// <summary>Arabic, right to left.</summary>
    public static StatementLanguage Arabic { get; } = new("ar", TermsWords.Arabic, new()
    {
        Title = "كشف حساب",
        Final = "نهائي: أُقفل الشهر ولن يتغيّر هذا الكشف أبدًا.",
        Estimate = "تقديري: لم يُقفل الشهر بعد.",
        Party = "الطرف",
        PartyId = "معرّف الطرف",
        Role = "الصفة",
        Period = "الفترة",
        Reference = "المرجع",
        Model = "النموذج",
        App = "التطبيق",
        NoApp = "لا يوجد",
        Agreement = "الاتفاقية",
        Month = "شهر الاستخدام",
        Requests = "الطلبات",
        TokensIn = "الرموز الداخلة",
        TokensCached = "منها المخزّنة مؤقتًا",
        TokensOut = "الرموز الخارجة",
        Gross = "المبلغ المحتسب",
        Share = "الحصة",
        Amount = "المستحق",
        Sum = "المجموع",
        Currency = "العملة",
        CarryIn = "المرحّل من الشهر السابق",
        Earned = "المستحق",
        Payable = "الواجب الدفع",
        CarryOut = "المرحّل إلى الشهر التالي",
        Nothing = "لا توجد مستحقات.",
        Explanation =
            "المرحّل من الشهر السابق + المستحق = الواجب الدفع + المرحّل إلى الشهر التالي، بدقة تامة. ما يقل عن أصغر وحدة نقدية يُرحّل إلى الشهر التالي.",
        LegalName = "الاسم القانوني",
        TaxId = "الرقم الضريبي",
        Address = "العنوان",
        Adapter = "المحوّل",
        Host = "المضيف",
        Territory = "البلد",
        Returned = "المُعاد",
        Step = "الخطوة",
        Detail = "بحسب",
        Result = "الباقي",
        Rest = "ما يحتفظ به المُحصِّل",
        Objections = "الاعتراضات",
        ObjectionStates = ["مقدَّم", "مُجاب عنه", "محسوم"],
        Steps =
        [
            "الإيراد", "المبالغ المستردة", "الضرائب", "الرسوم", "خصومات مرحّلة من أشهر سابقة", "الوعاء", "النسبة", "التقريب",
            "مبلغ ثابت", "الرفع إلى الحد الأدنى", "الخفض إلى السقف", "تصحيح شهر سابق", "الرفع إلى المبلغ المضمون", "استرداد الضمان",
            "استرداد الدفعة المقدمة", "دفعة مقدمة", "الحصة", "الجزء", "القابل للتوزيع", "المدفوع",
        ],
        Roles = ["مالك النموذج", "المضيف", "المطوّر", "مؤلف المحوّل", "مساهم بالبيانات", "الداعم", "المتجر"],
    });

    /// <summary>Persian, right to left.</summary>
    public static StatementLanguage Persian { get; } = new("fa", TermsWords.Persian, new()
    {
        Title = "صورت‌حساب",
        Final = "نهایی: ماه بسته شده است و این صورت‌حساب هرگز تغییر نمی‌کند.",
        Estimate = "برآورد: ماه هنوز بسته نشده است.",
        Party = "طرف",
        PartyId = "شناسهٔ طرف",
        Role = "نقش",
        Period = "دوره",
        Reference = "شمارهٔ ارجاع",
        Model = "مدل",
        App = "برنامه",
        NoApp = "هیچ",
        Agreement = "قرارداد",
        Month = "ماه استفاده",
        Requests = "درخواست‌ها",
        TokensIn = "توکن‌های ورودی",
        TokensCached = "از آن‌ها در حافظهٔ نهان",
        TokensOut = "توکن‌های خروجی",
        Gross = "مبلغ محاسبه‌شده",
        Share = "سهم",
        Amount = "درآمد",
        Sum = "جمع",
        Currency = "واحد پول",
        CarryIn = "مانده از ماه پیش",
        Earned = "درآمد",
        Payable = "قابل پرداخت",
        CarryOut = "مانده برای ماه بعد",
        Nothing = "درآمدی نبوده است.",
        Explanation = "مانده از ماه پیش + درآمد = قابل پرداخت + مانده برای ماه بعد، دقیقاً. آنچه از کوچک‌ترین سکه کمتر است به ماه بعد می‌رود.",
        LegalName = "نام حقوقی",
        TaxId = "شمارهٔ مالیاتی",
        Address = "نشانی",
        Adapter = "تطبیق‌گر",
        Host = "میزبان",
        Territory = "کشور",
        Returned = "بازگردانده",
        Step = "گام",
        Detail = "بر پایهٔ",
        Result = "باقی‌مانده",
        Rest = "آنچه نزد گردآورنده می‌ماند",
        Objections = "اعتراض‌ها",
        ObjectionStates = ["ثبت‌شده", "پاسخ‌داده‌شده", "حل‌شده"],
        Steps =
        [
            "درآمد ناخالص", "بازپرداخت‌ها", "مالیات‌ها", "کارمزدها", "کسری‌های منتقل‌شده از ماه‌های پیش", "مبنا", "نرخ", "گرد کردن",
            "مبلغ ثابت", "افزایش تا کف", "کاهش تا سقف", "اصلاح ماه پیشین", "افزایش تا مبلغ تضمین‌شده", "بازیافت تضمین",
            "تسویهٔ پیش‌پرداخت", "پیش‌پرداخت", "سهم", "بخش", "قابل تقسیم", "پرداخت‌شده",
        ],
        Roles = ["مالک مدل", "میزبان", "توسعه‌دهنده", "سازندهٔ تطبیق‌گر", "دهندهٔ داده", "پشتیبان مالی", "فروشگاه"],
    });

    /// <summary>Spanish, left to right.</summary>
    public static StatementLanguage Spanish { get; } = new("es", TermsWords.Spanish, new()
    {
        Title = "Liquidación",
        Final = "Definitiva: el mes está cerrado y esto no cambia nunca.",
        Estimate = "Una estimación: el mes aún no está cerrado.",
        Party = "Parte",
        PartyId = "Identificador",
        Role = "Papel",
        Period = "Período",
        Reference = "Referencia",
        Model = "Modelo",
        App = "Aplicación",
        NoApp = "ninguna",
        Agreement = "Acuerdo",
        Month = "Mes de uso",
        Requests = "Peticiones",
        TokensIn = "Tokens de entrada",
        TokensCached = "de ellos en caché",
        TokensOut = "Tokens de salida",
        Gross = "Cobrado",
        Share = "Participación",
        Amount = "Ganado",
        Sum = "Suma",
        Currency = "Moneda",
        CarryIn = "Saldo anterior",
        Earned = "Ganado",
        Payable = "A pagar",
        CarryOut = "Saldo que pasa",
        Nothing = "No se ganó nada.",
        Explanation = "Saldo anterior + ganado = a pagar + saldo que pasa, exactamente. Lo que no llega a una moneda pasa al mes siguiente.",
        LegalName = "Nombre legal",
        TaxId = "Número fiscal",
        Address = "Dirección",
        Adapter = "Adaptador",
        Host = "Anfitrión",
        Territory = "País",
        Returned = "Devuelto",
        Step = "Paso",
        Detail = "Según",
        Result = "Queda",
        Rest = "Lo que conserva el recaudador",
        Objections = "Objeciones",
        ObjectionStates = ["Presentada", "Respondida", "Resuelta"],
        Steps =
        [
            "Ingresos", "Reembolsos", "Impuestos", "Comisiones", "Deducciones de meses anteriores", "Base de cálculo", "Tasa",
            "Redondeo", "Importe fijo", "Subida al mínimo", "Recorte al máximo", "Corrección de un mes anterior",
            "Subida a la garantía", "Garantía recuperada", "Recuperación del anticipo", "Anticipo", "Participación", "Porción",
            "Por repartir", "Pagado",
        ],
        Roles =
        [
            "Licenciante", "Anfitrión", "Desarrollador", "Autor del adaptador", "Aportante de datos", "Patrocinador", "Tienda",
        ],
    });

    /// <summary>Every language.</summary>
    public static IReadOnlyList<StatementLanguage> All { get; } = [English, Arabic, Persian, Spanish];

    /// <summary>Its code (BCP 47).</summary>
    public string Code { get; }

    /// <summary>Whether it is written from right to left.</summary>
    public bool IsRightToLeft => Terms.IsRightToLeft;

    internal StatementWords Words { get; }

    internal TermsWords Terms { get; }

    /// <summary>Finds a language by its code.</summary>
    public static StatementLanguage? Find(string code) => All.FirstOrDefault(language => language.Code == code);
}
