"""Whether an AI says that something technical of its own fails, or speaks of other errors: others' and earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from handraise.detection import detect, detect_fast
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.signals import Signals
from handraise.events import Sender

FAULTS: Final = {
    "en": (
        "Sorry, something went wrong while I was getting your booking and I couldn't complete the request.",
        "An unexpected error occurred. Please try again in a few minutes.",
        "Our system is not responding right now, please try again later.",
        "Oh dear, I ran into a technical problem while saving the new address.",
        "I'm afraid our booking system is down at the moment, so I can't see the free tables.",
        "We're currently experiencing technical difficulties. Thanks for your patience!",
        "Apologies, I couldn't process your request. Please try again later.",
        "I'm having trouble connecting to the order database just now.",
        "Hmm, the lookup timed out before I got a result.",
        "Because of a system error I could not submit your meter reading.",
        "There was an error processing your cancellation, nothing has been changed.",
        "The reservation system keeps returning an error when I try the 14th.",
        "Oops! Something's gone wrong on my side, could you send that again?",
        "Your change could not be saved due to a technical fault.",
        "It looks like something went wrong on my end.",
        "I keep getting an error when I try to book the 3pm slot for you.",
        "I'm sorry, but our database is temporarily unavailable.",
        "It looks like the connection to our database was lost, please send your question again.",
        "Oops, I encountered an error.",
        "We're having some trouble with our booking system.",
    ),
    "es": (
        "Lo siento, se ha producido un error al procesar el cambio.",
        "Uy, algo salió mal y no pude guardar tu cita.",
        "En este momento nuestro sistema no responde, intente de nuevo más tarde.",
        "Ocurrió un error inesperado. Vuelve a intentarlo en unos minutos, por favor.",
        "Disculpe, estamos teniendo problemas técnicos y no puedo abrir su expediente.",
        "Algo ha ido mal mientras consultaba tu reserva.",
        "Perdón, se me cayó el sistema y no alcancé a registrar el pago.",
        "Hubo un fallo técnico al cargar tus datos.",
        "El sistema de reservas está caído ahora mismo.",
        "Por un problema técnico no he podido completar la solicitud.",
        "Me da error el sistema cuando intento cambiar la fecha.",
        "No se pudo procesar tu solicitud. Inténtalo más tarde.",
        "Tuve un error interno al buscar el pedido, lo lamento.",
        "Parece que hay un problema con nuestro sistema en este momento.",
        "Perdona, ha fallado la conexión con el sistema y no he podido guardar nada.",
        "Estoy teniendo problemas para cargar tu cuenta.",
        "No puedo acceder al sistema en este momento.",
        "No logro conectarme al sistema.",
    ),
    "pt": (
        "Desculpe, algo deu errado ao buscar a sua reserva.",
        "Ocorreu um erro inesperado. Tente novamente em alguns minutos.",
        "O nosso sistema está fora do ar no momento, por isso não consigo abrir o pedido.",
        "Opa, deu erro aqui no sistema e a alteração não foi salva.",
        "Estamos enfrentando problemas técnicos, peço um pouco de paciência.",
        "Lamento, algo correu mal e não consegui concluir a marcação.",
        "Houve uma falha técnica ao registrar a leitura.",
        "Por um problema técnico não consegui gravar o novo endereço.",
        "O sistema caiu bem agora, me desculpa.",
        "Tive um erro interno ao consultar o seu cadastro.",
        "O servidor não está respondendo neste momento.",
        "Não foi possível processar a sua solicitação. Tente mais tarde.",
        "Estamos com instabilidade no sistema e não consigo emitir o boleto agora.",
        "Peço desculpa, o sistema está com problemas e não consigo aceder à sua conta.",
        "Estou com problemas para carregar sua conta.",
        "Não consigo acessar o sistema agora.",
    ),
    "fr": (
        "Désolé, une erreur est survenue lors de l'enregistrement de votre rendez-vous.",
        "Oups, quelque chose s'est mal passé et je n'ai pas pu finaliser la demande.",
        "Notre système ne répond pas pour le moment, merci de réessayer plus tard.",
        "Une erreur inattendue s'est produite. Veuillez réessayer dans quelques minutes.",
        "Nous rencontrons actuellement des difficultés techniques.",
        "J'ai rencontré un problème technique en ouvrant votre dossier.",
        "Le système de réservation est en panne en ce moment, je ne vois pas les créneaux.",
        "En raison d'un problème technique, je n'ai pas pu enregistrer votre relevé.",
        "Il y a eu une erreur pendant le traitement de votre demande.",
        "Mince, le serveur a planté pendant que je cherchais votre commande.",
        "Votre demande n'a pas pu être traitée. Réessayez plus tard.",
        "Le logiciel me renvoie une erreur quand j'essaie de changer la date.",
        "J'ai un bug de mon côté, pouvez-vous renvoyer votre message ?",
        "Toutes mes excuses, un souci technique m'empêche de valider votre rendez-vous.",
        "Je rencontre des difficultés pour charger votre compte.",
        "J'ai du mal à accéder à votre commande.",
        "Je n'arrive pas à accéder au système pour l'instant.",
    ),
    "de": (
        "Es ist ein technischer Fehler aufgetreten. Ihr Zählerstand konnte nicht gespeichert werden.",
        "Da ist etwas schiefgelaufen. Bitte versuche es noch einmal.",
        "Unser System reagiert im Moment nicht, bitte versuchen Sie es später noch einmal.",
        "Beim Speichern Ihrer Adresse ist ein Fehler aufgetreten.",
        "Entschuldigung, bei mir hat gerade etwas nicht geklappt, die Umbuchung ist nicht durchgegangen.",
        "Ein unerwarteter Fehler ist aufgetreten, das tut mir leid.",
        "Wir haben gerade technische Probleme, ich komme nicht an Ihre Daten.",
        "Leider ist das Buchungssystem derzeit nicht erreichbar.",
        "Aus technischen Gründen kann ich Ihren Termin im Moment nicht ändern.",
        "Oh, der Server antwortet gerade nicht.",
        "Ihre Anfrage konnte nicht verarbeitet werden. Bitte versuchen Sie es später erneut.",
        "Wegen eines technischen Problems konnte ich die Bestellung nicht abschließen.",
        "Ich bekomme vom System gerade nur eine Fehlermeldung zurück.",
        "Es scheint, dass ein technischer Fehler aufgetreten ist.",
        "Das hat leider nicht geklappt, das System hat einen Fehler gemeldet.",
        "Ich habe Probleme, Ihr Konto zu laden.",
        "Wir haben Probleme mit dem Buchungssystem.",
        "Ich kann gerade nicht auf das System zugreifen.",
        "Ich kann Ihr Konto gerade nicht laden.",
    ),
    "hi": (
        "माफ़ कीजिए, कुछ गड़बड़ हो गई और आपकी बुकिंग पूरी नहीं हो पाई।",
        "एक अप्रत्याशित त्रुटि हुई है। कृपया थोड़ी देर बाद फिर कोशिश करें।",
        "हमारा सिस्टम अभी जवाब नहीं दे रहा है, बाद में कोशिश कीजिए।",
        "तकनीकी समस्या के कारण मैं आपका पता सेव नहीं कर पाई।",
        "सर्वर डाउन है, इसलिए मैं आपका ऑर्डर नहीं खोल पा रहा।",
        "आपका अनुरोध प्रोसेस करते समय एक त्रुटि आ गई।",
        "क्षमा करें, सिस्टम में एरर आ रहा है।",
        "हमें इस समय तकनीकी दिक्कत आ रही है।",
        "ओह, मेरी तरफ़ से कुछ गलत हो गया, दोबारा भेजिए।",
        "बुकिंग सिस्टम अभी काम नहीं कर रहा है।",
        "आपका अनुरोध पूरा नहीं हो सका। कृपया बाद में पुनः प्रयास करें।",
        "सर्वर से जवाब नहीं मिल रहा, थोड़ा समय दीजिए।",
        "लगता है कि कुछ गड़बड़ हो गई है।",
        "मैं अभी सिस्टम से कनेक्ट नहीं हो पा रहा हूँ।",
        "मुझे आपका ऑर्डर खोलने में दिक्कत आ रही है।",
    ),
    "hi_latn": (
        "Maaf kijiye, kuch gadbad ho gayi aur aapki booking poori nahi ho payi.",
        "Ek error aa gaya hai, thodi der baad dobara try kijiye.",
        "Hamara system abhi respond nahi kar raha hai, baad mein try karein.",
        "Technical problem ki wajah se main aapka address save nahi kar paya.",
        "Server down hai isliye order khul nahi raha mujhse.",
        "Oho, kuch galat ho gaya meri taraf se, dobara bhej dijiye.",
        "Abhi technical dikkat aa rahi hai ji.",
        "Booking system abhi kaam nahi kar raha hai.",
        "Aapki request process karte waqt error aaya.",
        "System hang ho gaya hai, reading save nahi hui.",
        "Sorry, something went wrong. Ek baar phir likhiye na.",
        "Aapki request process nahi ho payi. Baad mein dobara koshish karein.",
        "Ek technical error ki wajah se aapki booking nahi ho payi.",
        "Main abhi system se connect nahi ho pa raha hoon.",
        "Mujhe aapka order kholne mein dikkat aa rahi hai.",
    ),
    "ar": (
        "عذرًا، حدث خطأ أثناء معالجة طلبك.",
        "نأسف، حدث خطأ غير متوقع. يرجى المحاولة مرة أخرى لاحقًا.",
        "النظام لا يستجيب حاليًا، حاول لاحقًا من فضلك.",
        "معليش صار خطأ عندي وما انحفظ الموعد.",
        "نواجه حاليًا مشكلة تقنية ولا أستطيع فتح حجزك.",
        "بسبب خلل فني لم أتمكن من تسجيل القراءة.",
        "السيستم واقع دلوقتي ومش قادر أشوف طلبك.",
        "حصلت مشكلة تقنية وأنا بحفظ العنوان.",
        "نظام الحجز معطل حاليا.",
        "آسف، حصل خطأ في النظام ولم يتم التعديل.",
        "تعذر إتمام طلبك. حاول مرة أخرى لاحقا.",
        "واجهت خطأ تقنيا عند البحث عن الطلب.",
        "يبدو أن النظام لا يستجيب حاليا.",
        "حصلت مشكلة أثناء حفظ بياناتك، جرب مرة ثانية.",
        "أواجه مشكلة في تحميل حسابك.",
        "لا أستطيع الاتصال بالنظام حاليا.",
    ),
}
"""An AI that says that it, or the system that it works with, has just failed."""

LOOK_ALIKES: Final = {
    "en": (
        "If you see 'something went wrong', restart the app.",
        "Error E4 means that the filter is full.",
        "The payment failed because the card has expired.",
        "An error occurred in your last invoice and has been corrected.",
        "Your machine has a fault, so I'd send it to the workshop.",
        "Sorry, I made a mistake, it is £12.",
        "If an unexpected error occurs during the update, unplug the router and wait a minute.",
        "There was an error on our website yesterday, but it's been fixed since.",
        "Our heating engineers can look at it if the system is not responding.",
        "I'm sorry to hear that something went wrong with your delivery. What is the order number?",
        "Does the screen say that something went wrong, or does it stay black?",
        "I had the wrong line in front of me: an error in my last answer. Entry is £9.",
        "The app shows 'An error occurred' when the phone has no connection.",
        "Trains are delayed due to a technical problem at Leeds.",
        "We couldn't deliver the parcel because nobody was in, we'll try again tomorrow.",
        "The system does not allow two vouchers on one order.",
        "No worries, nothing has gone wrong with your payment.",
        "When did the error occur, and has something gone wrong like this before?",
        "The website will be down for maintenance on Sunday from 2 to 4.",
        "The E5 code tells you that the system is down.",
        "I'm sorry to hear that an error occurred when you paid.",
        "Sorry, something went wrong with that calculation: it is £12, not £10.",
        "Are you having trouble with our booking system?",
        "We had trouble with our booking system last week, but all is well now.",
        "If you ran into an error, tell me which.",
        "We're having trouble with our dog, so the shop opens late.",
        "Your server is not responding; try to restart the instance from the panel.",
    ),
    "es": (
        "Si aparece «algo salió mal», reinicia la aplicación.",
        "El error E4 significa que el filtro está lleno.",
        "El pago falló porque la tarjeta está vencida.",
        "Hubo un error en tu última factura y ya se corrigió.",
        "Perdón, me equivoqué: son 12 euros.",
        "Su lavadora tiene una falla, hay que revisarla.",
        "El sistema no permite sumar dos cupones.",
        "Si se produce un error al guardar, cierre la ventana y vuelva a entrar.",
        "Lamento que algo saliera mal con tu pedido. ¿Qué número tiene?",
        "¿Te salió algún error al pagar?",
        "Ayer hubo un problema técnico en la web, pero ya está resuelto.",
        "Cuando el sistema de riego no responde, revise primero las pilas.",
        "Un error al instalar el filtro puede causar fugas.",
        "El ascensor está fuera de servicio por un problema técnico.",
        "Si tienes problemas para cargar tu cuenta, reinicia la aplicación.",
        "Muchos clientes están teniendo problemas para abrir la cuenta con versiones viejas.",
    ),
    "pt": (
        "Se aparecer 'algo deu errado', feche o aplicativo e abra de novo.",
        "O erro E4 significa que o filtro está cheio.",
        "O pagamento falhou porque o cartão venceu.",
        "Houve um erro na sua última fatura e ele já foi corrigido.",
        "Erro meu, desculpe: o total é R$ 186,40.",
        "A sua máquina está com defeito, precisa de assistência.",
        "O sistema não aceita dois cupons.",
        "Caso ocorra um erro ao salvar, reinicie o celular.",
        "Sinto muito que algo tenha dado errado com a entrega. Qual é o número do pedido?",
        "Identificamos uma instabilidade no seu bairro, com previsão de retorno às 18h.",
        "Apareceu algum erro na tela?",
        "Ontem o site ficou fora do ar, mas já voltou.",
        "Sinto muito que algo deu errado na entrega.",
        "Se está com problemas para acessar sua conta, redefina a senha.",
        "Estamos com dificuldade para abrir a loja hoje por causa da chuva.",
    ),
    "fr": (
        "Si « une erreur est survenue » s'affiche, redémarrez l'application.",
        "L'erreur E16 signifie que le décodeur n'a pas encore reçu les droits.",
        "Le paiement a échoué parce que la carte a expiré.",
        "Une erreur s'est glissée dans votre dernière facture, elle a été corrigée.",
        "Pardon, je me suis trompé, c'est 12 €.",
        "Votre chaudière est en panne, un technicien passe demain.",
        "Le système n'accepte qu'un seul code promo.",
        "Hier une erreur est survenue sur le site, mais c'est rétabli.",
        "Désolé que quelque chose se soit mal passé avec votre livraison. Quel est le numéro ?",
        "Avez-vous un message d'erreur à l'écran ?",
        "Toutes nos excuses pour la panne de ce matin, c'est rétabli et un mois vous est offert.",
        "Quand le système d'alarme ne répond pas, changez d'abord la pile.",
        "Une panne technique sur la ligne 4 explique le retard.",
        "Si vous avez des difficultés à charger votre compte, videz le cache.",
        "Nous avons du mal à trouver des fraises en ce moment.",
    ),
    "de": (
        "Wenn „Da ist etwas schiefgelaufen“ erscheint, starten Sie die App neu.",
        "Fehler E4 bedeutet, dass das Sieb voll ist.",
        "Die Zahlung ist fehlgeschlagen, weil die Karte abgelaufen ist.",
        "Bei Ihrer letzten Rechnung ist ein Fehler aufgetreten, er ist inzwischen behoben.",
        "Entschuldigung, ich habe mich geirrt, es sind 12 Euro.",
        "Ihre Maschine hat einen Defekt und muss in die Werkstatt.",
        "Das System lässt nur einen Gutschein zu.",
        "Falls beim Speichern ein Fehler auftritt, schließen Sie das Fenster.",
        "Tut mir leid, dass bei Ihrer Lieferung etwas schiefgelaufen ist. Wie lautet die Bestellnummer?",
        "Ist beim Bezahlen ein Fehler aufgetreten, und wenn ja, welcher?",
        "Gestern gab es ein technisches Problem im Shop, das ist erledigt.",
        "Aus technischen Gründen fällt die Vorstellung am Freitag aus.",
        "Auf der Leitung sehe ich keine Störung.",
        "Da ist bei der Lieferung etwas schiefgelaufen, Sie bekommen morgen Ersatz.",
        "Wegen einer technischen Störung fährt die U4 nicht.",
        "Wenn Sie Probleme haben, Ihr Konto zu laden, starten Sie die App neu.",
        "Ich kann den Gutschein gerade nicht mit dem Rabatt verbinden.",
        "Wir haben keine Probleme mit dem Buchungssystem.",
    ),
    "hi": (
        "अगर 'कुछ गड़बड़ हो गई' दिखे तो ऐप दोबारा खोलें।",
        "E4 त्रुटि का मतलब है कि फ़िल्टर भर गया है।",
        "भुगतान असफल रहा क्योंकि कार्ड की अवधि समाप्त हो गई है।",
        "आपके पिछले बिल में त्रुटि हुई थी, वह ठीक कर दी गई है।",
        "माफ़ कीजिए, मुझसे गलती हो गई, दाम 1200 रुपये है।",
        "आपकी मशीन में खराबी है, मैकेनिक देखेगा।",
        "सिस्टम एक ही कूपन लेता है।",
        "बिल हर महीने की 3 तारीख़ को सिस्टम से ख़ुद बन जाता है।",
        "यदि सेव करते समय त्रुटि आए तो पेज रीफ़्रेश करें।",
        "क्या स्क्रीन पर कोई एरर आ रहा है?",
        "कल सर्वर डाउन था, अब ठीक है।",
        "U30 का मतलब है कि बैंक का सर्वर डाउन है; पैसा नहीं कटता।",
        "लिफ्ट तकनीकी खराबी के कारण बंद है।",
        "अगर आपको ऑर्डर खोलने में दिक्कत आ रही है तो ऐप अपडेट करें।",
    ),
    "hi_latn": (
        "Agar 'kuch gadbad ho gayi' dikhe to app restart karein.",
        "Error E4 ka matlab hai ki filter bhar gaya hai.",
        "Payment fail hua kyunki card expire ho gaya hai.",
        "Pichle bill mein error aa gaya tha, woh theek kar diya hai.",
        "Sorry, mujhse galti ho gayi, price 1200 hai.",
        "Aapki machine mein kharabi hai, mechanic dekhega.",
        "System ek hi coupon leta hai.",
        "Sorry for the glitch yaar, video ab chal raha hai.",
        "Kya screen par koi error aa raha hai?",
        "Kal server down tha, ab theek hai.",
        "QR scan karke dekh lijiye, gadbad ho to poora paisa wapas.",
        "Jab system respond nahi kar raha ho to router band karke chalu karein.",
        "Aapke area mein technical problem aa gayi hai, shaam tak theek hogi.",
        "Agar aapko order kholne mein dikkat aa rahi hai to app update karein.",
    ),
    "ar": (
        "إذا ظهرت رسالة «حدث خطأ ما» أعد تشغيل التطبيق.",
        "الرمز E4 يعني خللًا في تصريف الماء.",
        "فشل الدفع لأن البطاقة منتهية.",
        "حدث خطأ في فاتورتك الأخيرة وتم تصحيحه.",
        "الخطأ مني، المجموع 186 وليس 168.",
        "جهازك فيه عطل ويحتاج صيانة.",
        "النظام لا يسمح بقسيمتين في طلب واحد.",
        "كاين عطل في الكابل تاع حيكم، والإصلاح متوقع غدوة الصباح.",
        "لو حصل خطأ أثناء الحفظ اقفل الصفحة وافتحها تاني.",
        "ما نص رسالة الخطأ حرفيًا؟",
        "أمس كان السيستم واقع والحين رجع يشتغل.",
        "نعتذر عن الخطأ في طلبيتك، سنرسل القطعة الصحيحة.",
        "هناك عطل فني في منطقتكم وسيتم إصلاحه اليوم.",
        "إذا كنت تواجه مشكلة في تحميل حسابك فأعد تشغيل التطبيق.",
        "لدينا مشكلة في فتح المتجر اليوم بسبب المطر.",
    ),
}
"""An AI that explains an error message, tells of an earlier or another's error, or corrects itself."""


def listed(texts: dict[str, tuple[str, ...]]) -> list[object]:
    return [pytest.param(text, id=f"{name}-{at}") for name, some in texts.items() for at, text in enumerate(some)]


@pytest.mark.parametrize("text", listed(FAULTS))
def test_an_ai_says_that_something_of_its_own_failed(text: str) -> None:
    found = default_phrases().detect(text, Sender.ASSISTANT)
    assert found.fault
    assert [span for span in found.spans if span.signal == "fault"]


@pytest.mark.parametrize("text", listed(LOOK_ALIKES))
def test_other_errors_are_no_fault_of_the_ai(text: str) -> None:
    assert not default_phrases().detect(text, Sender.ASSISTANT).fault


@pytest.mark.parametrize("texts", [pytest.param(texts, id=name) for name, texts in FAULTS.items()])
def test_the_detectors_say_so_too(texts: tuple[str, ...]) -> None:
    senders = [Sender.ASSISTANT] * len(texts)
    assert all(found.fault for found in (*detect(texts, senders=senders), *detect_fast(texts, senders=senders)))


def test_a_customer_who_says_so_has_no_fault() -> None:
    assert not default_phrases().detect(FAULTS["en"][0], Sender.CUSTOMER).fault


IN_OTHER_WORDS: Final = {
    "en": [
        "Sorry, due to a technical error the payment could not be started. Please try again later.",
        "I'm having trouble reaching our booking system right now.",
        "Our order database is down, so I can't look that up at the moment.",
        "Something broke on our side while I was saving your address. Could you try again in a few minutes?",
        "Hmm, the calendar keeps timing out on me, so I can't see any free slots.",
    ],
    "es": [
        "Lo siento, por un error técnico no se pudo iniciar el pago. Inténtelo más tarde.",
        "Ahora mismo no consigo entrar en el sistema de reservas, se ha caído.",
        "Nuestra plataforma no está respondiendo y no puedo ver su pedido.",
        "Uy, se me colgó el sistema justo cuando guardaba tus datos.",
    ],
    "pt": [
        "Desculpe, devido a um erro técnico não foi possível iniciar o pagamento.",
        "Nosso sistema está fora do ar no momento, não consigo consultar o seu pedido.",
        "Deu um problema aqui do nosso lado e a alteração não foi salva.",
        "A agenda não está carregando para mim agora, tente daqui a pouco.",
    ],
    "fr": [
        "Désolé, en raison d'une erreur technique, le paiement n'a pas pu être lancé.",
        "Notre système de réservation est en panne, je ne peux pas voir les disponibilités.",
        "Je n'arrive pas à joindre le serveur, impossible d'ouvrir votre dossier pour l'instant.",
        "Un problème de notre côté a empêché l'enregistrement de votre adresse.",
    ],
    "de": [
        "Aufgrund eines technischen Fehlers konnte die Zahlung nicht gestartet werden. Bitte versuchen Sie es später.",
        "Unser Buchungssystem ist gerade nicht erreichbar, ich kann die Termine nicht sehen.",
        "Da ist bei uns etwas abgestürzt, Ihre Änderung wurde nicht gespeichert.",
        "Unsere Datenbank hängt, ich komme im Moment nicht an Ihre Bestellung.",
    ],
    "hi_latn": [
        "Maaf kijiye, technical error ki wajah se payment shuru nahi ho saka.",
        "Abhi hamara system down hai, isliye main aapka order nahi dekh pa raha.",
        "Server respond nahi kar raha, thodi der baad koshish kijiye.",
    ],
    "hi": [
        "क्षमा करें, तकनीकी त्रुटि के कारण भुगतान शुरू नहीं हो सका। कृपया बाद में प्रयास करें।",
        "अभी हमारा सिस्टम बंद है, इसलिए मैं आपका ऑर्डर नहीं देख पा रहा।",
        "सर्वर जवाब नहीं दे रहा, थोड़ी देर बाद कोशिश कीजिए।",
    ],
    "ar": [
        "عذراً، بسبب خطأ تقني تعذر بدء عملية الدفع. يرجى المحاولة لاحقاً.",
        "نظام الحجز لدينا متوقف حالياً ولا أستطيع رؤية المواعيد.",
        "السيستم واقع عندنا دلوقتي ومش قادر أشوف طلبك.",
    ],
}
"""Faults that no phrase knows: the models hear them."""
OTHERWISE: Final = {
    "en": [
        "If the app freezes, close it and open it again.",
        "Your card was declined by your bank. You can try another one.",
        "The outage in your street will be over by 6 pm, our engineers are at work.",
        "There was an error with invoices last week, it has been put right.",
        "We don't ship to Norway.",
        "The system comes with two speakers and a subwoofer.",
    ],
    "es": [
        "Si la aplicación se cierra, reinicie el teléfono.",
        "El banco rechazó su tarjeta, puede probar con otra.",
        "El mantenimiento será el domingo de 2 a 4.",
    ],
    "pt": ["Se o roteador travar, desligue por dez segundos.", "O erro da semana passada já foi corrigido."],
    "fr": ["Si la machine affiche E3, videz le filtre.", "La maintenance aura lieu dimanche de 2 h à 4 h."],
    "de": ["Wenn der Drucker einen Fehler meldet, ziehen Sie den Stecker.", "Die Störung von gestern ist behoben."],
    "hi_latn": ["App band ho jaye to phone restart kijiye.", "Aapke bank ne card decline kiya hai."],
    "hi": ["ऐप बंद हो जाए तो फ़ोन रीस्टार्ट कीजिए।", "पिछले हफ्ते की गड़बड़ी ठीक हो चुकी है।"],
    "ar": ["إذا توقف التطبيق أعد تشغيل الهاتف.", "تم إصلاح عطل الأمس وكل شيء يعمل."],
}
"""Turns that speak of failing, and report no failure of the AI's own."""
MOST_TAKEN_FOR_ONE: Final = 6
"""Of the look-alikes, which were written against what hears faults: 5 of 134 when it was measured, in each detector."""


@pytest.mark.parametrize("text", [text for texts in IN_OTHER_WORDS.values() for text in texts])
def test_a_fault_is_heard_in_words_that_no_phrase_knows(text: str) -> None:
    assert detect([text], senders=[Sender.ASSISTANT])[0].fault


@pytest.mark.parametrize("text", [text for texts in OTHERWISE.values() for text in texts])
def test_what_only_speaks_of_failing_is_none(text: str) -> None:
    assert not detect([text], senders=[Sender.ASSISTANT])[0].fault


@pytest.mark.parametrize("ask", [detect, detect_fast])
def test_few_other_errors_are_taken_for_one_by_the_models(ask: Callable[..., list[Signals]]) -> None:
    texts = [text for some in LOOK_ALIKES.values() for text in some]
    assert sum(one.fault for one in ask(texts, senders=[Sender.ASSISTANT] * len(texts))) <= MOST_TAKEN_FOR_ONE
