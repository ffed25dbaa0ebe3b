using System.Text;
using DeviceAgent.Provisioning;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    [TestClass]
    public class RejectionTests
    {
        [TestMethod]
        public void ARejectionIsReadAndToldWhole()
        {
            Rejection rejection = Parse("{\"errorMessage\":\"No \\u0022template\\u0022.\",\"x\":{\"statusCode\":500},\"statusCode\":404,\"errorCode\":\"ResourceNotFound\"}");
            Assert.AreEqual(404, rejection.StatusCode);
            Assert.AreEqual("ResourceNotFound", rejection.ErrorCode);
            Assert.AreEqual("No \"template\".", rejection.ErrorMessage);
            Assert.AreEqual("statusCode 404, errorCode ResourceNotFound, errorMessage No \"template\".", rejection.ToString());
        }

        [TestMethod]
        public void TooManyRequestsAndErrorsOfTheOtherSidePass()
        {
            int[] passing = new int[] { 429, 500, 503, 599 };
            for (int i = 0; i < passing.Length; i++)
            {
                Assert.IsTrue(Parse("{\"statusCode\":" + passing[i].ToString() + "}").IsPassing, passing[i].ToString());
            }

            int[] refused = new int[] { 400, 401, 403, 404, 409, 428, 430, 499 };
            for (int i = 0; i < refused.Length; i++)
            {
                Assert.IsFalse(Parse("{\"statusCode\":" + refused[i].ToString() + "}").IsPassing, refused[i].ToString());
            }
        }

        [TestMethod]
        public void OneThatCannotBeReadPasses()
        {
            string[] rejections = new string[] { "", "{", "[]", "null", "{}", "{\"statusCode\":\"400\"}", "{\"statusCode\":40.0}", "{\"statusCode\":{}}", "x" };
            for (int i = 0; i < rejections.Length; i++)
            {
                Rejection rejection = Parse(rejections[i]);
                Assert.AreEqual(0, rejection.StatusCode, rejections[i]);
                Assert.AreEqual("", rejection.ErrorCode);
                Assert.IsTrue(rejection.IsPassing, rejections[i]);
            }

            Assert.AreEqual(0, Rejection.Parse(null).StatusCode);
        }

        [TestMethod]
        public void WhatTheCloudSaysStaysOneLineOfPlainText()
        {
            string text = Parse("{\"statusCode\":400,\"errorCode\":\"\\na\\nb\",\"errorMessage\":\"c\\u0001\\r\\u001b\\u007f\\u009bd\\u00e9\"}").ToString();
            for (int i = 0; i < text.Length; i++)
            {
                Assert.IsTrue(text[i] >= ' ' && (text[i] < '\u007f' || text[i] > '\u009f'), "control character " + ((int)text[i]).ToString());
            }

            Assert.IsTrue(text.StartsWith("statusCode 400"), text);
            Assert.Contains("a b", text);
            Assert.Contains("d\u00e9", text);
            Assert.IsTrue(Parse("{\"statusCode\":400,\"errorMessage\":\"" + new string('x', 1500) + "\"}").ToString().Length < 700, "a text without end");
        }

        private static Rejection Parse(string json) => Rejection.Parse(Encoding.UTF8.GetBytes(json));
    }
}
